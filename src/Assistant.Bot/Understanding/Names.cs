namespace Assistant.Bot.Understanding;

/// <summary>What a customer can want of an utterance. The names are the file names of the corpus.</summary>
public static class IntentNames
{
#pragma warning disable CS1591 // The corpus file of the same name describes each with examples.
    public const string Balance = "balance";
    public const string Transactions = "transactions";
    public const string Spending = "spending";
    public const string PayPayee = "pay_payee";
    public const string OwnTransfer = "own_transfer";
    public const string AddPayee = "add_payee";
    public const string ListPayees = "list_payees";
    public const string Amend = "amend";
    public const string Inform = "inform";
    public const string Confirm = "confirm";
    public const string Deny = "deny";
    public const string Approve = "approve";
    public const string Cancel = "cancel";
    public const string PaymentStatus = "payment_status";
    public const string Help = "help";
    public const string AboutAssistant = "about_assistant";
    public const string Thanks = "thanks";
    public const string Greeting = "greeting";
    public const string Goodbye = "goodbye";
    public const string Security = "security";
    public const string UnsupportedBanking = "unsupported_banking";
    public const string OutOfScope = "out_of_scope";
#pragma warning restore CS1591
}

/// <summary>The slots of the corpus annotation.</summary>
public static class SlotNames
{
    /// <summary>Money: "sixty quid".</summary>
    public const string Amount = "amount";

    /// <summary>What the customer says it is not: "not fifty".</summary>
    public const string Negated = "negated";

    /// <summary>Somebody to pay or to save.</summary>
    public const string Payee = "payee";

    /// <summary>An own account asked about, or paid from.</summary>
    public const string Account = "account";

    /// <summary>An own account that money goes to.</summary>
    public const string ToAccount = "to_account";

    /// <summary>What the payee shall read.</summary>
    public const string Reference = "reference";

    /// <summary>A day or a span of days.</summary>
    public const string Period = "period";

    /// <summary>A spending category.</summary>
    public const string Category = "category";

    /// <summary>A shop or person in the list of transactions.</summary>
    public const string Merchant = "merchant";

    /// <summary>How many.</summary>
    public const string Count = "count";

    /// <summary>An account number.</summary>
    public const string Iban = "iban";
}
