using Assistant.Bot.Conversations;

namespace Assistant.Bot.DirectLine;

/// <summary><c>POST /v3/directline/conversations/{id}/upload</c>: this assistant takes no files, and says so to whoever may talk to it.</summary>
internal static class RefuseUpload
{
    public static async Task<IResult> HandleAsync(HttpContext context, string id, DirectLineTokens tokens, ConversationStore store)
    {
        var (_, _, error) = await DirectLineCaller.OpenAsync(context, id, tokens, store);
        return error ?? DirectLineError.UploadRefused;
    }
}
