using Banking.Client;
using Microsoft.AspNetCore.Mvc;

namespace Bank.Web.Pages;

/// <summary>Where staff without a page of their own arrive: their session, as the API tells it.</summary>
internal sealed class StaffModel(BankingApiClient api) : BankPage(api)
{
    public SessionInfo Session { get; private set; } = null!;

    public async Task<IActionResult> OnGetAsync()
    {
        var session = await Api.GetSessionAsync(await CallAsync(), HttpContext.RequestAborted);
        if (!session.Succeeded)
        {
            return await FailAsync(session.Problem);
        }

        Session = session.Value;
        return Page();
    }
}
