using System.Text.Json;
using System.Text.Json.Nodes;
using Banking.Client;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Banking.Api.Events;

/// <summary>An event waiting in the transactional outbox: it commits with the change it tells of and leaves at least once.</summary>
public sealed class OutboxEvent
{
    /// <summary>Key; order of departure.</summary>
    public long Id { get; private set; }

    /// <summary>Public id (<c>evt_</c>), by which receivers de-duplicate.</summary>
    public Guid PublicId { get; init; }

    /// <summary>Versioned type, for example <c>securebank.payment.state_changed.v1</c>.</summary>
    public required string Type { get; init; }

    /// <summary>Public id of what changed.</summary>
    public string? Subject { get; init; }

    /// <summary>Payload, JSON.</summary>
    public required string Data { get; init; }

    /// <summary>When it happened.</summary>
    public DateTimeOffset OccurredAt { get; init; }

    /// <summary>Deliveries tried.</summary>
    public int Attempts { get; set; }

    /// <summary>When to try (again).</summary>
    public DateTimeOffset NextAttemptAt { get; set; }

    /// <summary>When a receiver took it.</summary>
    public DateTimeOffset? DeliveredAt { get; set; }

    /// <summary>Makes an event that is due at once.</summary>
    public static OutboxEvent Create(TimeProvider clock, string type, string? subject, JsonObject data)
    {
        ArgumentNullException.ThrowIfNull(clock);
        ArgumentNullException.ThrowIfNull(data);
        var now = clock.GetUtcNow();
        return new OutboxEvent
        {
            PublicId = Banking.Client.PublicId.NewValue(clock),
            Type = type,
            Subject = subject,
            Data = data.ToJsonString(JsonSerializerOptions.Web),
            OccurredAt = now,
            NextAttemptAt = now,
        };
    }
}

/// <summary>Event types that leave the bank.</summary>
public static class EventTypes
{
    /// <summary>A payment changed its state.</summary>
    public const string PaymentStateChanged = "securebank.payment.state_changed.v1";

    /// <summary>A payee was saved.</summary>
    public const string PayeeCreated = "securebank.payee.created.v1";

    /// <summary>A session ended: logout, revocation, expiry.</summary>
    public const string SessionEnded = "securebank.session.ended.v1";
}

internal sealed class OutboxEventConfiguration : IEntityTypeConfiguration<OutboxEvent>
{
    public void Configure(EntityTypeBuilder<OutboxEvent> builder)
    {
        builder.ToTable("outbox", "event");
        builder.HasKey(row => row.Id);
        builder.Property(row => row.Data).HasColumnType("jsonb");
    }
}
