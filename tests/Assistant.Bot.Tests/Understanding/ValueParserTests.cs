using System.Globalization;
using Assistant.Bot.Understanding;
using Assistant.Bot.Understanding.Values;
using Banking.Client;

namespace Assistant.Bot.Tests.Understanding;

public sealed class ValueParserTests
{
    // A Friday.
    private static readonly DateOnly Today = new(2026, 11, 20);

    [Theory]
    [InlineData("£60", "60.00", "GBP")]
    [InlineData("60 quid", "60.00", "GBP")]
    [InlineData("60quid", "60.00", "GBP")]
    [InlineData("60", "60.00", null)]
    [InlineData("60.5", "60.50", null)]
    [InlineData("1.2k", "1200.00", null)]
    [InlineData("£1.5k", "1500.00", "GBP")]
    [InlineData("£1,250.50", "1250.50", "GBP")]
    [InlineData("sixty pounds fifty", "60.50", "GBP")]
    [InlineData("sixty pounds and fifty pence", "60.50", "GBP")]
    [InlineData("12 pounds 99", "12.99", "GBP")]
    [InlineData("£5 and 50p", "5.50", "GBP")]
    [InlineData("50p", "0.50", "GBP")]
    [InlineData("a tenner", "10.00", null)]
    [InlineData("a fiver", "5.00", null)]
    [InlineData("two grand", "2000.00", null)]
    [InlineData("a grand", "1000.00", null)]
    [InlineData("a hundred and twenty pounds", "120.00", "GBP")]
    [InlineData("one thousand two hundred and thirty-four", "1234.00", null)]
    [InlineData("fifteen hundred quid", "1500.00", "GBP")]
    [InlineData("two and a half grand", "2500.00", null)]
    [InlineData("a couple of hundred", "200.00", null)]
    [InlineData("twenty five", "25.00", null)]
    [InlineData("100 euros", "100.00", "EUR")]
    [InlineData("$50", "50.00", "USD")]
    [InlineData("-50", "-50.00", null)]
    [InlineData("-£50", "-50.00", "GBP")]
    [InlineData("£12.345", "12.345", "GBP")]
    [InlineData("0", "0.00", null)]
    [InlineData("007", "7.00", null)]
    public void Amount_AsWritten_IsRead(string text, string amount, string? currency)
    {
        Assert.True(AmountParser.TryParse(text, out var read), text);
        Assert.Equal((amount, currency), (read.Amount, read.Currency));
    }

    [Theory]
    [InlineData("")]
    [InlineData("double")]
    [InlineData("all of it")]
    [InlineData("a bit")]
    [InlineData("£")]
    [InlineData("99999999999999999999999999999")]
    public void Amount_ThatIsNone_IsNotRead(string text) => Assert.False(AmountParser.TryParse(text, out _));

    [Fact]
    public void Amount_AnyPoundsAndPenceInSeveralForms_ReadsBackExactly()
    {
        var random = new Random(60);
        for (var i = 0; i < 3000; i++)
        {
            var money = new Money(i < 1000 ? i : random.NextInt64(1, 100_000_000), Currency.Gbp);
            var pounds = money.MinorUnits / 100;
            var pence = money.MinorUnits % 100;
            string[] forms =
            [
                $"£{money.Amount}",
                money.Amount,
                $"{money.Amount} pounds",
                $"{money.Amount}quid",
                $"GBP {money.Amount}",
                "£" + decimal.Parse(money.Amount, CultureInfo.InvariantCulture).ToString("N2", CultureInfo.InvariantCulture),
                $"{pounds} pounds and {pence} pence",
                $"{InWords(pounds)} pounds and {pence}p",
            ];
            foreach (var form in pence == 0 ? forms[..6].Append($"{InWords(pounds)} pounds").Append($"{InWords(pounds)} quid") : forms)
            {
                Assert.True(AmountParser.TryParse(form, out var read), form);
                Assert.True(money.Amount == read.Amount, $"'{form}' was read as {read.Amount}");
            }
        }
    }

    [Fact]
    public void Find_InASentence_GivesEachAmountWithItsPlace()
    {
        const string Text = "pay sixty quid to Maya, not £50.20";
        var found = AmountParser.Find(Text);
        Assert.Equal(["sixty quid", "£50.20"], found.Select(amount => Text.Substring(amount.Start, amount.Length)));
    }

    [Theory]
    [InlineData("today", "2026-11-20", "2026-11-20")]
    [InlineData("yesterday", "2026-11-19", "2026-11-19")]
    [InlineData("this week", "2026-11-16", "2026-11-20")]
    [InlineData("last week", "2026-11-09", "2026-11-15")]
    [InlineData("last month", "2026-10-01", "2026-10-31")]
    [InlineData("this month", "2026-11-01", "2026-11-20")]
    [InlineData("this year", "2026-01-01", "2026-11-20")]
    [InlineData("last year", "2025-01-01", "2025-12-31")]
    [InlineData("this tax year", "2026-04-06", "2026-11-20")]
    [InlineData("since Monday", "2026-11-16", "2026-11-20")]
    [InlineData("since March", "2026-03-01", "2026-11-20")]
    [InlineData("since the 1st", "2026-11-01", "2026-11-20")]
    [InlineData("the last 7 days", "2026-11-14", "2026-11-20")]
    [InlineData("past three months", "2026-08-21", "2026-11-20")]
    [InlineData("last weekend", "2026-11-14", "2026-11-15")]
    [InlineData("in March", "2026-03-01", "2026-03-31")]
    [InlineData("December", "2025-12-01", "2025-12-31")]
    [InlineData("October 2025", "2025-10-01", "2025-10-31")]
    [InlineData("3 November", "2026-11-03", "2026-11-03")]
    [InlineData("the 3rd of Nov", "2026-11-03", "2026-11-03")]
    [InlineData("03/11/2026", "2026-11-03", "2026-11-03")]
    [InlineData("2026-10-05", "2026-10-05", "2026-10-05")]
    [InlineData("between 1 and 15 October", "2026-10-01", "2026-10-15")]
    [InlineData("1 Oct to 15 Oct", "2026-10-01", "2026-10-15")]
    [InlineData("two weeks ago", "2026-11-06", "2026-11-06")]
    [InlineData("last Friday", "2026-11-13", "2026-11-13")]
    [InlineData("Tuesday", "2026-11-17", "2026-11-17")]
    public void Period_AsWritten_IsRead(string text, string from, string to)
    {
        Assert.True(PeriodParser.TryParse(text, Today, out var period), text);
        Assert.Equal((from, to), (period.From.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture), period.To.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)));
    }

    [Theory]
    [InlineData("")]
    [InlineData("someday")]
    [InlineData("31/02/2026")]
    [InlineData("32 March")]
    [InlineData("next month")]
    [InlineData("last 9999 days")]
    public void Period_ThatIsNone_IsNotRead(string text) => Assert.False(PeriodParser.TryParse(text, Today, out _));

    [Fact]
    public void Period_OnAnyDay_NeverEndsAfterTodayOrBeforeItStarts()
    {
        string[] texts = ["this week", "last week", "last month", "since Monday", "weekend", "last weekend", "March", "last quarter", "this tax year", "29 Feb", "the 31st", "past 3 months", "between 1 and 15 October", "last Friday"];
        for (var day = new DateOnly(2024, 1, 1); day.Year < 2027; day = day.AddDays(1))
        {
            foreach (var text in texts)
            {
                if (PeriodParser.TryParse(text, day, out var period))
                {
                    Assert.True(period.From <= period.To, $"{text} on {day:O}: {period}");
                    Assert.True(period.To <= day, $"{text} on {day:O}: {period}");
                }
            }
        }
    }

    [Fact]
    public void Tokenize_OfAnIbanWithSpacesInASentence_GivesOneToken()
    {
        var tokens = Tokenizer.Tokenize("add Jane GB29 NWBK 6016 1331 9268 19 for rent");
        Assert.Equal("GB29 NWBK 6016 1331 9268 19", Assert.Single(tokens, token => token.Shape == TokenShape.Iban).Text);
        Assert.Equal(5, tokens.Count);
    }

    [Theory]
    [InlineData("food shopping", "groceries")]
    [InlineData("Takeaways", "eating_out")]
    [InlineData("the pub", "eating_out")]
    [InlineData("llamas", null)]
    public void Category_AsSaid_IsTheBanksCode(string text, string? code) => Assert.Equal(code, SpendingCategories.Find(text));

    private static string InWords(long number)
    {
        string[] small = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"];
        string[] tens = ["", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"];
        return number switch
        {
            < 20 => small[number],
            < 100 => tens[number / 10] + (number % 10 == 0 ? "" : "-" + small[number % 10]),
            < 1000 => small[number / 100] + " hundred" + (number % 100 == 0 ? "" : " and " + InWords(number % 100)),
            < 1_000_000 => InWords(number / 1000) + " thousand" + (number % 1000 == 0 ? "" : (number % 1000 < 100 ? " and " : " ") + InWords(number % 1000)),
            _ => number.ToString(CultureInfo.InvariantCulture),
        };
    }
}
