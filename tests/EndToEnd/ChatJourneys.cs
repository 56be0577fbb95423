using Microsoft.Playwright;
using Testing;
using static Microsoft.Playwright.Assertions;

namespace EndToEnd;

/// <summary>The conversation itself: it survives a reload and does not survive the session.</summary>
public sealed class ChatJourneys(BankInBrowser bank)
{
    [Fact]
    public async Task Reload_ResumesTheConversation()
    {
        await using var visitor = await Visitor.ArriveAsync(bank);
        await visitor.SignInAsync("amelia");
        await visitor.OpenChatAsync();
        await visitor.SayAsync("What is my balance?");
        await Expect(visitor.CardWith("Everyday account")).ToBeVisibleAsync();

        await visitor.Page.ReloadAsync();
        await Expect(visitor.CardWith("Everyday account")).ToBeVisibleAsync();
        await Expect(visitor.Page.Locator(".webchat__bubble--from-user")).ToHaveCountAsync(1);
        visitor.CheckNoComplaints();
    }

    [Fact]
    public async Task SignOut_EndsTheChatAtOnce()
    {
        await using var visitor = await Visitor.ArriveAsync(bank);
        var sockets = new List<IWebSocket>();
        var closed = 0;
        visitor.Page.WebSocket += (_, socket) =>
        {
            sockets.Add(socket);
            socket.Close += (_, _) => Interlocked.Increment(ref closed);
        };
        await visitor.SignInAsync("priya");
        await visitor.OpenChatAsync();
        Assert.NotEmpty(sockets);

        var other = await visitor.OpenTabAsync("/overview");
        await other.GetByRole(AriaRole.Button, new() { Name = "Sign out" }).ClickAsync();
        await other.WaitForURLAsync("**/sign-out");

        await Wait.UntilAsync(() => Volatile.Read(ref closed) == sockets.Count, TimeSpan.FromSeconds(60), "the chat's sockets are closed");
        await visitor.Page.WaitForURLAsync("**/sign-in?ended=true");
        // What the page still holds opens nothing any more.
        var answer = await visitor.Page.APIRequest.GetAsync("/directline/v3/directline/conversations/any", new() { FailOnStatusCode = false });
        Assert.Equal(403, answer.Status);
    }
}
