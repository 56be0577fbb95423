using System.Diagnostics;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace Bank.Web.Pages;

/// <summary>What a person sees instead of a page: what happened, what it means for them, and a reference; never internals.</summary>
[IgnoreAntiforgeryToken]
internal sealed class ErrorModel : PageModel
{
    [BindProperty(SupportsGet = true)]
    public int Code { get; set; }

    public string Trace => Activity.Current?.TraceId.ToString() ?? HttpContext.TraceIdentifier;

    public string Heading => Code switch
    {
        400 => "This page was open for too long",
        403 => "This is not yours to see",
        404 => "We could not find that page",
        429 => "That was a little fast",
        503 => "The bank cannot be reached just now",
        _ => "Something went wrong on our side",
    };

    public string Text => Code switch
    {
        400 => "To keep you safe a form can be sent only for a while. Nothing was done: please go back, reload the page and try again.",
        403 => "Your sign-in does not allow this page. If you think it should, please contact us.",
        404 => "It may have moved, or it belongs to somebody else.",
        429 => "Please wait a moment and try again.",
        503 => "Your money is safe and nothing was done. Please try again in a moment.",
        _ => "We have noted what happened and will look into it. If you were sending a payment, its page shows whether it went through.",
    };

    public void OnGet() => Response.StatusCode = Code is >= 400 and <= 599 ? Code : StatusCodes.Status404NotFound;

    public void OnPost() => OnGet();
}
