using Bank.Web.Security;
using Bank.Web.Sessions;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace Bank.Web.Pages;

/// <summary>The conversation with the assistant. The page itself holds no account data; it comes over the stream.</summary>
[Authorize(Roles.Customer)]
[ChatPage]
internal sealed class ChatModel : PageModel;
