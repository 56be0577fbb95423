namespace Assistant.Bot.Conversations;

/// <summary>A conversation as the channel sees it.</summary>
/// <param name="Key">Key in the database; never leaves the process.</param>
/// <param name="Id">Unguessable public id.</param>
/// <param name="UserId">The channel's user id, <c>dl_</c> and random.</param>
/// <param name="Locale">BCP 47 language tag.</param>
/// <param name="StartedAt">Null until a client opened it.</param>
/// <param name="EndedAt">Set once; afterwards nothing is received or sent.</param>
/// <param name="LastSequence">The newest activity.</param>
/// <param name="SocketEpoch">Number of the newest socket.</param>
internal sealed record Conversation(
    long Key,
    string Id,
    string UserId,
    string Locale,
    DateTimeOffset? StartedAt,
    DateTimeOffset? EndedAt,
    long LastSequence,
    long SocketEpoch)
{
    /// <summary>The customer as activities name them.</summary>
    public ChannelAccount Customer => new(UserId, null, "user");

    /// <summary>The assistant as activities name it.</summary>
    public static ChannelAccount Bot { get; } = new("securebank-assistant", "SecureBank assistant", "bot");
}
