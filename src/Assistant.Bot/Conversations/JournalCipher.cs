using System.Text.Json;
using SecureBank.ServiceDefaults;

namespace Assistant.Bot.Conversations;

/// <summary>Turns what was said into JSON encrypted at rest, and back. A value moved to another column does not decrypt.</summary>
internal sealed class JournalCipher(ColumnCipher cipher)
{
    public const string ActivityContent = "assistant.activity.content";
    public const string TurnInput = "assistant.turn.input";
    public const string TurnReply = "assistant.turn.reply";
    public const string CallArguments = "assistant.tool_call.arguments";
    public const string CallResult = "assistant.tool_call.result";
    public const string DialogueEventContent = "assistant.dialogue_event.content";
    public const string DelegatedToken = "assistant.conversation.delegated_token";

    public byte[] Seal<T>(T value, string purpose) => cipher.Encrypt(JsonSerializer.SerializeToUtf8Bytes(value, ActivityJson.Options), purpose);

    public T Open<T>(byte[] sealedValue, string purpose) => JsonSerializer.Deserialize<T>(cipher.Decrypt(sealedValue, purpose), ActivityJson.Options)!;
}
