using Bank.Web.Sessions;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace Bank.Web.Pages;

/// <summary>Sends everybody to where their work is.</summary>
internal sealed class StartModel : PageModel
{
    public IActionResult OnGet() => Redirect(User.IsInRole(Roles.Customer) ? "/overview" : User.IsInRole(Roles.Teller) ? "/teller" : "/staff");
}
