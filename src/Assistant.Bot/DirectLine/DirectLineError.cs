namespace Assistant.Bot.DirectLine;

/// <summary>The one body of every refusal on the channel: <c>{"error":{"code":"...","message":"..."}}</c>.</summary>
internal sealed record DirectLineErrorBody(DirectLineErrorDetail Error);

/// <summary>A stable code for programs and a sentence for people.</summary>
internal sealed record DirectLineErrorDetail(string Code, string Message);

/// <summary>Every expected refusal of the channel, with its status.</summary>
internal sealed record DirectLineError(int Status, string Code, string Message) : IResult
{
    public static readonly DirectLineError Unauthorized = new(401, "Unauthorized", "A Direct Line secret or token is required.");
    public static readonly DirectLineError TokenExpired = new(403, "TokenExpired", "The token has expired or is not valid.");
    public static readonly DirectLineError WrongConversation = new(403, "BadArgument", "The token belongs to another conversation.");
    public static readonly DirectLineError SecretRequired = new(403, "Forbidden", "Only the Direct Line secret may do this.");
    public static readonly DirectLineError NotFound = new(404, "ResourceNotFound", "There is no such conversation, or it has ended.");
    public static readonly DirectLineError TooLarge = new(413, "MessageSizeTooBig", "The activity is too large.");
    public static readonly DirectLineError TextTooLong = new(413, "MessageSizeTooBig", $"A message has at most {PostActivity.TextLengthMax} characters.");
    public static readonly DirectLineError TooMany = new(429, "TooManyRequests", "Too many requests. Wait a moment and try again.");
    public static readonly DirectLineError UploadRefused = new(415, "UploadNotSupported", "This assistant takes no files.");
    public static readonly DirectLineError Malformed = new(400, "BadSyntax", "The body is not a JSON object of the declared form.");
    public static readonly DirectLineError BadUserId = new(400, "BadArgument", "A user id starts with 'dl_' followed by 16 to 61 letters, digits or hyphens.");
    public static readonly DirectLineError BadWatermark = new(400, "BadArgument", "The watermark was not issued by this conversation.");
    public static readonly DirectLineError ForeignOrigin = new(403, "ForeignOrigin", "The page's origin is not allowed to open the stream.");
    public static readonly DirectLineError TicketInvalid = new(403, "TokenExpired", "The stream address was used already or is too old. Ask for a new one.");
    public static readonly DirectLineError SocketExpected = new(400, "BadArgument", "The stream is a WebSocket.");

    public static DirectLineError MissingProperty(string message) => new(400, "MissingProperty", message);

    public static DirectLineError BadArgument(string message) => new(400, "BadArgument", message);

    public Task ExecuteAsync(HttpContext httpContext)
    {
        httpContext.Response.StatusCode = Status;
        return httpContext.Response.WriteAsJsonAsync(new DirectLineErrorBody(new DirectLineErrorDetail(Code, Message)));
    }
}
