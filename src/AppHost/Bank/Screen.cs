using System.Diagnostics;
using System.Globalization;
using AppHost.Demo;
using Spectre.Console;

namespace AppHost.Bank;

/// <summary>Shows the user what happens: a spinner and a table on a terminal, plain lines elsewhere.</summary>
/// <param name="console">Where to show it.</param>
internal sealed class Screen(IAnsiConsole console)
{
    /// <summary>The last line of a successful start; scripts wait for it.</summary>
    public const string ReadyLine = "ready";

    private bool IsTerminal => console.Profile.Capabilities.Interactive && console.Profile.Out.IsTerminal;

    /// <summary>Runs a step and shows how it goes.</summary>
    public async Task<T> StepAsync<T>(string title, Func<IProgress<string>, Task<T>> step)
    {
        var clock = Stopwatch.StartNew();
        T result;
        if (IsTerminal)
        {
            result = await console.Status().StartAsync(Markup.Escape(title), context => step(new Told(text => context.Status(Markup.Escape(text)))));
        }
        else
        {
            Say(title + " ...");
            var last = "";
            result = await step(new Told(text =>
            {
                if (text != last)
                {
                    Say("  " + text);
                    last = text;
                }
            }));
        }

        Say(string.Create(CultureInfo.InvariantCulture, $"{title}: done in {clock.Elapsed.TotalSeconds:0.0} s"));
        return result;
    }

    public void Say(string text) => Write(text);

    public void Fail(string text)
    {
        if (IsTerminal)
        {
            console.MarkupLineInterpolated($"[red]{text}[/]");
        }
        else
        {
            Write(text);
        }
    }

    /// <summary>The one table: where everything is and how to get in.</summary>
    public void ShowBank(IReadOnlyList<Service> services, IReadOnlyList<DemoLogin> logins, BankContext context)
    {
        string[] places =
        [
            .. services.Reverse().Select(service => $"{service.Title}|{service.Address.AbsoluteUri}"),
            $"Logs|{context.Data.LogFolder}",
            $"Database|127.0.0.1:{context.Ports.Postgres}",
            $"Database log|{context.Cluster.LogFile}",
        ];
        if (!IsTerminal)
        {
            foreach (var place in places)
            {
                Write(place.Replace("|", ": ", StringComparison.Ordinal));
            }

            foreach (var login in logins)
            {
                Write($"Login: {login.User} ({login.Role}), password {login.Password}, begins at {PageOf(login, services)}");
            }
        }
        else
        {
            var table = new Table().Border(TableBorder.Rounded).AddColumn("What").AddColumn("Where").AddColumn("Password").AddColumn("Begins at");
            foreach (var parts in places.Select(place => place.Split('|', 2)))
            {
                table.AddRow(Markup.Escape(parts[0]), Markup.Escape(parts[1]), "", "");
            }

            table.AddEmptyRow();
            foreach (var login in logins)
            {
                table.AddRow(Markup.Escape(login.Role), Markup.Escape(login.User), Markup.Escape(login.Password), Markup.Escape(PageOf(login, services)));
            }

            console.Write(table);
        }

        if (logins.Count > 0)
        {
            var other = context.Data.Path == DataFolder.Default ? "" : $" --data {context.Data.Path}";
            Write($"A user's current code: dotnet run --project src/AppHost -- totp USER{other}");
        }

        Write("Ctrl+C stops everything.");
    }

    public void Ready() => Write(ReadyLine);

    // The pages are what is started last.
    private static string PageOf(DemoLogin login, IReadOnlyList<Service> services) => new Uri(services[^1].Address, login.Page).AbsoluteUri;

    // Written as it is: markup, wrapping and colours are for the table.
    private void Write(string text)
    {
        console.Profile.Out.Writer.WriteLine(text);
        console.Profile.Out.Writer.Flush();
    }

    private sealed class Told(Action<string> tell) : IProgress<string>
    {
        public void Report(string value) => tell(value);
    }
}
