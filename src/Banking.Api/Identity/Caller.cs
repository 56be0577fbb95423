namespace Banking.Api.Identity;

/// <summary>How a call is made: by the user's own session, or by the assistant on the user's behalf.</summary>
public enum CallerKind
{
    /// <summary>The user's session.</summary>
    Session,

    /// <summary>The assistant with its narrowed token (RFC 8693: subject customer, actor assistant).</summary>
    Delegated,
}

/// <summary>
/// Who calls, as the token's row in the database says; nothing in it comes from the request except the three correlation ids
/// that a delegated call carries.
/// </summary>
public sealed record Caller(
    long UserId,
    Guid UserPublicId,
    long PartyId,
    long SessionKey,
    Guid SessionPublicId,
    long? DeviceKey,
    CallerKind Kind,
    IReadOnlyList<string> Roles,
    IReadOnlyList<string> Scopes,
    string Acr,
    IReadOnlyList<string> Amr,
    DateTimeOffset AuthTime,
    DateTimeOffset SessionCreatedAt,
    string? ConversationId,
    string? TurnId,
    string? ToolCallId)
{
    private static readonly object ItemKey = new();

    /// <summary>Lets minimal API handlers take the caller as a parameter; present on every endpoint behind one of our policies.</summary>
    public static ValueTask<Caller?> BindAsync(HttpContext context) => ValueTask.FromResult(Of(context));

    /// <summary>The caller of this request, when authenticated by a token of ours.</summary>
    public static Caller? Of(HttpContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return context.Items.TryGetValue(ItemKey, out var caller) ? (Caller?)caller : null;
    }

    internal void AttachTo(HttpContext context) => context.Items[ItemKey] = this;
}

/// <summary>Names of the authorization policies that route groups carry.</summary>
public static class Policies
{
    /// <summary>A customer's own session. Never satisfied by the assistant.</summary>
    public const string Customer = nameof(Customer);

    /// <summary>A customer's session, or the assistant with <c>accounts:read</c>.</summary>
    public const string CustomerRead = nameof(CustomerRead);

    /// <summary>A customer's session, or the assistant with <c>payments:draft</c>.</summary>
    public const string CustomerDraft = nameof(CustomerDraft);

    /// <summary>Any signed-in user's session.</summary>
    public const string SignedIn = nameof(SignedIn);

    /// <summary>A teller's session.</summary>
    public const string Teller = nameof(Teller);

    /// <summary>A session of the risk team.</summary>
    public const string Risk = nameof(Risk);

    /// <summary>An auditor's session.</summary>
    public const string Auditor = nameof(Auditor);

    /// <summary>Bank.Web by its client credential.</summary>
    public const string WebClient = nameof(WebClient);

    /// <summary>Assistant.Bot by its client credential.</summary>
    public const string AssistantClient = nameof(AssistantClient);
}

/// <summary>Role names.</summary>
public static class Roles
{
    /// <summary>Holds accounts.</summary>
    public const string Customer = "customer";

    /// <summary>Support agent.</summary>
    public const string Agent = "agent";

    /// <summary>Leads the agents.</summary>
    public const string Supervisor = "supervisor";

    /// <summary>Reviews held payments.</summary>
    public const string RiskAnalyst = "risk_analyst";

    /// <summary>Second pair of eyes of the risk team.</summary>
    public const string RiskLead = "risk_lead";

    /// <summary>Reads the audit trail.</summary>
    public const string Auditor = "auditor";

    /// <summary>Serves at the counter.</summary>
    public const string Teller = "teller";

    /// <summary>Manages staff users.</summary>
    public const string Admin = "admin";

    /// <summary>All of them.</summary>
    public static IReadOnlyList<string> All { get; } = [Customer, Agent, Supervisor, RiskAnalyst, RiskLead, Auditor, Teller, Admin];
}
