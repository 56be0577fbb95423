using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Banking.Api.Audit;
using Banking.Api.Events;
using Banking.Api.Infrastructure;
using Banking.Client;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using SecureBank.ServiceDefaults;

namespace Banking.Api.Identity;

/// <summary>Why a session ended, as the outbox event and the session's row tell it.</summary>
internal static class SessionEndReasons
{
    public const string SignedOut = "signed_out";
    public const string Revoked = "revoked";
    public const string Idle = "idle";
    public const string Expired = "expired";
}

/// <summary>Opens and ends sessions. Ending one ends everything delegated from it in the same transaction.</summary>
internal sealed class SessionLifecycle(BankDbContext db, ColumnCipher cipher, TimeProvider clock, IOptions<SessionOptions> options)
{
    private const int UserAgentLengthMax = 512;
    private const int DeviceIdLengthMax = 128;
    private const int IpAddressLengthMax = 64;

    /// <summary>Whether a device is described as we can keep it.</summary>
    public static bool IsValid(DeviceInfo? device) =>
        device is { Id.Length: > 0 and <= DeviceIdLengthMax } && (device.IpAddress?.Length ?? 0) <= IpAddressLengthMax;

    /// <summary>Opens a session for a user whose factors were just accepted. The token leaves only with the result.</summary>
    public async Task<SignInResult> OpenAsync(BankUser user, DeviceInfo device, string acr, string[] amr, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        var (token, hash) = OpaqueToken.Create(OpaqueToken.Session);
        var session = new Session
        {
            PublicId = PublicId.NewValue(clock),
            UserId = user.Id,
            DeviceId = await NoteDeviceAsync(user.Id, device.Id, now, cancellationToken),
            TokenHash = hash,
            Acr = acr,
            Amr = amr,
            AuthTime = now,
            CreatedAt = now,
            LastSeenAt = now,
            ExpiresAt = now + options.Value.Absolute,
            UserAgent = device.UserAgent is { Length: > UserAgentLengthMax } agent ? agent[..UserAgentLengthMax] : device.UserAgent,
            IpAddress = device.IpAddress,
        };
        db.Add(session);
        var sessionId = PublicId.Format(PublicId.Session, session.PublicId);
        db.Add(AuditEvent.Create(now, PublicId.Format(PublicId.User, user.PublicId), null, "session.open", sessionId, "ok",
            new Dictionary<string, string> { ["acr"] = acr, ["amr"] = string.Join(' ', amr) }));
        await db.SaveChangesAsync(cancellationToken);
        return new SignInResult(token, sessionId, await DescribeUserAsync(user.Id, cancellationToken), session.ExpiresAt);
    }

    /// <summary>
    /// Ends the live ones of the sessions with these keys: marks them, revokes their delegated tokens and unused grants, and
    /// announces each (<see cref="EventTypes.SessionEnded"/>). Commits with the ambient transaction, or in one of its own.
    /// </summary>
    public async Task<int> EndAsync(IReadOnlyList<long> sessionKeys, string reason, Caller? by, CancellationToken cancellationToken)
    {
        var ambient = db.Database.CurrentTransaction;
        await using var transaction = ambient is null ? await db.Database.BeginTransactionAsync(cancellationToken) : null;
        var now = clock.GetUtcNow();
        var keys = sessionKeys.ToArray();
        // In the order of keys, as everywhere where several sessions are locked.
        var sessions = await db.Set<Session>()
            .FromSql($"select * from identity.session where id = any({keys}) and revoked_at is null order by id for update")
            .AsTracking().ToListAsync(cancellationToken);
        foreach (var session in sessions)
        {
            session.RevokedAt = now;
            session.RevokedReason = reason;
            var conversations = await db.Set<DelegatedToken>().Where(token => token.SessionId == session.Id).Select(token => token.ConversationId)
                .Union(db.Set<DelegationGrantRecord>().Where(grant => grant.SessionId == session.Id).Select(grant => grant.ConversationId))
                .ToListAsync(cancellationToken);
            await db.Set<DelegatedToken>().Where(token => token.SessionId == session.Id && token.RevokedAt == null)
                .ExecuteUpdateAsync(set => set.SetProperty(token => token.RevokedAt, now), cancellationToken);
            await db.Set<DelegationGrantRecord>().Where(grant => grant.SessionId == session.Id && grant.RedeemedAt == null && grant.ExpiresAt > now)
                .ExecuteUpdateAsync(set => set.SetProperty(grant => grant.ExpiresAt, now), cancellationToken);
            var sessionId = PublicId.Format(PublicId.Session, session.PublicId);
            db.Add(OutboxEvent.Create(clock, EventTypes.SessionEnded, sessionId, new JsonObject
            {
                ["sessionId"] = sessionId,
                ["conversationIds"] = new JsonArray([.. conversations.Order(StringComparer.Ordinal).Select(id => (JsonNode)id)]),
                ["reason"] = reason,
            }));
            var details = new Dictionary<string, string> { ["reason"] = reason };
            db.Add(by is null
                ? AuditEvent.Create(now, "system", null, "session.end", sessionId, "ok", details)
                : AuditEvent.Create(now, by, "session.end", sessionId, "ok", details));
        }

        await db.SaveChangesAsync(cancellationToken);
        if (transaction is not null)
        {
            await transaction.CommitAsync(cancellationToken);
        }

        return sessions.Count;
    }

    /// <summary>A user as they may see themselves.</summary>
    public async Task<UserInfo> DescribeUserAsync(long userId, CancellationToken cancellationToken)
    {
        var found = await db.Set<BankUser>().Where(user => user.Id == userId)
            .Join(db.Set<Party>(), user => user.PartyId, party => party.Id, (user, party) => new
            {
                user.PublicId,
                PartyPublicId = party.PublicId,
                user.UserName,
                party.NameCipher,
                Roles = db.UserRoles.Where(link => link.UserId == user.Id).Join(db.Roles, link => link.RoleId, role => role.Id, (_, role) => role.Name!).ToList(),
            })
            .SingleAsync(cancellationToken);
        return new UserInfo(
            PublicId.Format(PublicId.User, found.PublicId),
            PublicId.Format(PublicId.Party, found.PartyPublicId),
            found.UserName!,
            cipher.DecryptText(found.NameCipher, Party.NamePurpose),
            [.. found.Roles.Order(StringComparer.Ordinal)]);
    }

    private async Task<long> NoteDeviceAsync(long userId, string deviceId, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes(deviceId));
        var keys = await db.Database.SqlQuery<long>(
            $"""
            insert into identity.device (user_id, device_hash, first_seen_at, last_seen_at) values ({userId}, {hash}, {now}, {now})
            on conflict (user_id, device_hash) do update set last_seen_at = excluded.last_seen_at
            returning id as "Value"
            """).ToListAsync(cancellationToken);
        return keys.Single();
    }
}
