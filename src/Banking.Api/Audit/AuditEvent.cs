using System.Buffers;
using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Banking.Api.Identity;
using Banking.Client;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Banking.Api.Audit;

/// <summary>
/// One line of the audit trail: who did what to what, on whose behalf, and how it ended. It commits together with the change it tells of.
/// Ids only, no personal data, no amounts of text written by people.
/// </summary>
public sealed class AuditEvent
{
    /// <summary>Key; the order of the trail.</summary>
    public long Id { get; private set; }

    /// <summary>When.</summary>
    public DateTimeOffset OccurredAt { get; private init; }

    /// <summary>Who acted: a user's public id, <c>client:assistant</c>, or <c>system</c>.</summary>
    public required string Actor { get; init; }

    /// <summary>The user the assistant acted for.</summary>
    public string? OnBehalf { get; init; }

    /// <summary>What was done, as noun.verb: <c>payment.execute</c>.</summary>
    public required string Action { get; init; }

    /// <summary>Public id of what it was done to.</summary>
    public string? Subject { get; init; }

    /// <summary><c>ok</c>, or the code of the refusal.</summary>
    public required string Outcome { get; init; }

    /// <summary>Trace id (W3C) of the request.</summary>
    public string? Correlation { get; init; }

    /// <summary>Further facts as a JSON object of strings.</summary>
    public string Details { get; init; } = "{}";

    /// <summary>SHA-256 over the row's content (RFC 6962 leaf: 0x00 prefix).</summary>
    public byte[] LeafHash { get; private init; } = [];

    /// <summary>Makes an entry at an instant, truncated to the microseconds that the database keeps, with its leaf hash.</summary>
    public static AuditEvent Create(DateTimeOffset at, string actor, string? onBehalf, string action, string? subject, string outcome, IReadOnlyDictionary<string, string>? details = null)
    {
        var occurredAt = at.AddTicks(-(at.Ticks % TimeSpan.TicksPerMicrosecond)).ToUniversalTime();
        var correlation = Activity.Current?.TraceId.ToHexString();
        var json = WriteDetails(details);
        return new AuditEvent
        {
            OccurredAt = occurredAt,
            Actor = actor,
            OnBehalf = onBehalf,
            Action = action,
            Subject = subject,
            Outcome = outcome,
            Correlation = correlation,
            Details = json,
            LeafHash = ComputeLeafHash(occurredAt, actor, onBehalf, action, subject, outcome, correlation, json),
        };
    }

    /// <summary>Makes an entry for a caller; for a delegated call it names the assistant as actor and records conversation, turn and tool call.</summary>
    public static AuditEvent Create(DateTimeOffset at, Caller caller, string action, string? subject, string outcome, IReadOnlyDictionary<string, string>? details = null)
    {
        ArgumentNullException.ThrowIfNull(caller);
        var user = PublicId.Format(PublicId.User, caller.UserPublicId);
        if (caller.Kind == CallerKind.Session)
        {
            return Create(at, user, null, action, subject, outcome, details);
        }

        var all = new Dictionary<string, string>(details ?? new Dictionary<string, string>(), StringComparer.Ordinal);
        foreach (var (name, value) in ((string, string?)[])[("conversation", caller.ConversationId), ("turn", caller.TurnId), ("toolCall", caller.ToolCallId)])
        {
            if (value is not null)
            {
                all[name] = value;
            }
        }

        return Create(at, "client:assistant", user, action, subject, outcome, all);
    }

    /// <summary>The hash of a row's content: length-prefixed fields, so that no two different rows have the same encoding.</summary>
    public static byte[] ComputeLeafHash(DateTimeOffset occurredAt, string actor, string? onBehalf, string action, string? subject, string outcome, string? correlation, string details)
    {
        var content = new ArrayBufferWriter<byte>(512);
        content.Write<byte>([0]);
        Append(content, (occurredAt.UtcTicks / TimeSpan.TicksPerMicrosecond).ToString(CultureInfo.InvariantCulture));
        Append(content, actor);
        Append(content, onBehalf);
        Append(content, action);
        Append(content, subject);
        Append(content, outcome);
        Append(content, correlation);
        Append(content, details);
        return SHA256.HashData(content.WrittenSpan);
    }

    private static void Append(ArrayBufferWriter<byte> content, string? field)
    {
        if (field is null)
        {
            content.Write("-:"u8);
            return;
        }

        Encoding.UTF8.GetBytes(Encoding.UTF8.GetByteCount(field).ToString(CultureInfo.InvariantCulture), content);
        content.Write(":"u8);
        Encoding.UTF8.GetBytes(field, content);
    }

    private static string WriteDetails(IReadOnlyDictionary<string, string>? details)
    {
        var members = new System.Text.Json.Nodes.JsonObject();
        foreach (var (name, value) in details ?? new Dictionary<string, string>())
        {
            members[name] = value;
        }

        return Authorizations.CanonicalJson.Write(members);
    }
}

internal sealed class AuditEventConfiguration : IEntityTypeConfiguration<AuditEvent>
{
    public void Configure(EntityTypeBuilder<AuditEvent> builder)
    {
        builder.ToTable("event", "audit");
        builder.HasKey(row => row.Id);
        builder.Property(row => row.Details).HasColumnType("text");
    }
}
