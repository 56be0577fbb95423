using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Assistant.Bot.Conversations;
using Assistant.Bot.Planning;
using Assistant.Bot.Redaction;
using Assistant.Bot.Turns;

namespace Assistant.Bot.DirectLine;

/// <summary>
/// <c>POST /v3/directline/conversations/{id}/activities</c>: one activity from the customer. Answered with its id once it is
/// committed; the assistant's turn runs afterwards and its reply comes over the stream.
/// </summary>
internal static partial class PostActivity
{
    /// <summary>Characters of one message.</summary>
    public const int TextLengthMax = 4000;

    private const int ValueLengthMax = 8192;

    /// <summary>The id under which the activity is stored.</summary>
    internal sealed record Response(string Id);

    public static async Task<IResult> HandleAsync(HttpContext context, string id, DirectLineTokens tokens, ConversationStore store, ITurnJournal journal, TurnDispatcher dispatcher)
    {
        var (conversation, _, error) = await DirectLineCaller.OpenAsync(context, id, tokens, store);
        if (conversation is null)
        {
            return error!;
        }

        JsonObject? body;
        try
        {
            body = await GenerateToken.ReadBodyAsync<JsonObject>(context);
        }
        catch (JsonException)
        {
            return DirectLineError.Malformed;
        }

        if (body is null)
        {
            return DirectLineError.Malformed;
        }

        InboundActivity? inbound;
        DirectLineError? refusal;
        try
        {
            (inbound, refusal) = Read(body, conversation);
        }
        catch (Exception fault) when (fault is InvalidOperationException or ArgumentException)
        {
            // JSON allows escapes that are no Unicode text (lone surrogates).
            return DirectLineError.Malformed;
        }
        catch (RegexMatchTimeoutException)
        {
            // What cannot be searched for secrets is not stored.
            return DirectLineError.BadArgument("The message could not be checked. Please write it in shorter parts.");
        }

        if (inbound is null)
        {
            return refusal!;
        }

        if (inbound.Activity.Type == "typing")
        {
            return Results.Json(new Response($"{conversation.Id}|typing"), ActivityJson.Options);
        }

        var accepted = await journal.AcceptAsync(conversation, inbound, context.RequestAborted);
        if (accepted is null)
        {
            return DirectLineError.NotFound;
        }

        if (inbound.Input is not null)
        {
            dispatcher.Signal(conversation.Key);
        }

        return Results.Json(new Response(accepted.ActivityId), ActivityJson.Options);
    }

    /// <summary>
    /// Checks an activity and makes it ours: redacted, from the token's user, without any member we do not use. Nothing of the
    /// client's text is kept anywhere before this.
    /// </summary>
    internal static (InboundActivity? Inbound, DirectLineError? Error) Read(JsonObject body, Conversation conversation)
    {
        if (!TryGetString(body, "type", out var type) || type is null)
        {
            return (null, DirectLineError.MissingProperty("An activity needs a 'type'."));
        }

        if (!TryGetString(body, "text", out var text) || !TryGetString(body, "name", out var name) || !TryGetString(body, "locale", out var locale)
            || body["from"] is not (null or JsonObject) || body["channelData"] is not (null or JsonObject))
        {
            return (null, DirectLineError.Malformed);
        }

        if (body["attachments"] is JsonArray { Count: > 0 })
        {
            return (null, DirectLineError.UploadRefused);
        }

        var channelData = body["channelData"] as JsonObject;
        if (!TryGetString(channelData, "clientActivityID", out var clientActivityId) || (clientActivityId is not null && !ClientActivityId().IsMatch(clientActivityId)))
        {
            return (null, DirectLineError.BadArgument("'channelData.clientActivityID' has 1 to 128 letters, digits or -._|."));
        }

        if (text?.Length > TextLengthMax)
        {
            return (null, DirectLineError.TextTooLong);
        }

        var value = body["value"];
        if (value is not null && value.ToJsonString().Length > ValueLengthMax)
        {
            return (null, DirectLineError.TooLarge);
        }

        var kinds = RedactedKinds.None;
        if (text is not null)
        {
            (text, kinds) = SecretRedactor.Redact(text);
        }

        (value, var valueKinds) = SecretRedactor.Redact(value);
        kinds |= valueKinds;

        CustomerInput? input = null;
        switch (type)
        {
            case "message" when value is JsonObject tapped && string.IsNullOrWhiteSpace(text):
                input = ReadTap(tapped);
                if (input is null)
                {
                    return (null, DirectLineError.BadArgument("The value is not that of a card of this assistant."));
                }

                break;
            case "message" when string.IsNullOrWhiteSpace(text):
                return (null, DirectLineError.MissingProperty("A message needs 'text', or the 'value' of a card."));
            case "message":
                input = kinds != RedactedKinds.None && SecretRedactor.IsOnlyPlaceholders(text!) ? null : new CustomerInput.Text(text!.Trim());
                break;
            case "event" when string.IsNullOrEmpty(name) || name.Length > 128:
                return (null, DirectLineError.MissingProperty("An event needs a 'name'."));
            case "event":
            case "typing":
                // Events of unknown names are not errors (activity schema A5002); they carry nothing we act on.
                break;
            default:
                return (null, DirectLineError.BadArgument("The type is 'message', 'event' or 'typing'."));
        }

        var kept = new JsonObject();
        if (clientActivityId is not null)
        {
            kept["clientActivityID"] = clientActivityId;
        }

        if (channelData?["postBack"] is JsonValue postBack && postBack.TryGetValue<bool>(out var isPostBack) && isPostBack)
        {
            kept["postBack"] = true;
        }

        var activity = new Activity
        {
            Type = type,
            From = conversation.Customer,
            Locale = locale is not null && Locale().IsMatch(locale) ? locale : null,
            Text = type == "message" ? text : null,
            TextFormat = type == "message" && text is not null ? "plain" : null,
            Name = type == "event" ? SecretRedactor.Redact(name!).Text : null,
            Value = type == "message" ? value : null,
            ChannelData = kept.Count > 0 ? kept : null,
        };
        return (new InboundActivity(activity, clientActivityId, input, kinds), null);
    }

    private static CustomerInput? ReadTap(JsonObject tapped)
    {
        if (!TryGetString(tapped, "action", out var action) || action is null || !KnownActions.Contains(action))
        {
            return null;
        }

        if (action == CardActions.Say)
        {
            return TryGetString(tapped, "text", out var said) && !string.IsNullOrWhiteSpace(said) && said.Length <= TextLengthMax ? new CustomerInput.Text(said.Trim()) : null;
        }

        var values = new JsonObject(tapped.Where(member => member.Key != "action").Select(member => KeyValuePair.Create(member.Key, member.Value?.DeepClone())));
        return new CustomerInput.CardTap(action, JsonSerializer.SerializeToElement(values));
    }

    private static readonly HashSet<string> KnownActions =
        [CardActions.PickPayee, CardActions.PickAccount, CardActions.CancelPayment, CardActions.Say, ModelConsent.Action];

    /// <summary>False when the member is there and is no string; null when it is absent.</summary>
    private static bool TryGetString(JsonObject? source, string name, out string? value)
    {
        value = null;
        return source?[name] is not { } member || (member is JsonValue leaf && leaf.TryGetValue(out value));
    }

    [GeneratedRegex(@"^[A-Za-z0-9._|\-]{1,128}$", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex ClientActivityId();

    [GeneratedRegex("^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Locale();
}
