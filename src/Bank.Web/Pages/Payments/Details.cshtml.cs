using Bank.Web.Errors;
using Bank.Web.Sessions;
using Banking.Client;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc;

namespace Bank.Web.Pages;

/// <summary>One payment: where it stands and why, and what the customer can still do about it.</summary>
[Authorize(Roles.Customer)]
internal sealed class PaymentModel(BankingApiClient api) : BankPage(api)
{
    [BindProperty(SupportsGet = true)]
    public string Id { get; set; } = "";

    public Payment Payment { get; private set; } = null!;

    public string? Refusal { get; private set; }

    /// <summary>Tone, drawing, headline and sentence for the payment's state.</summary>
    public (string Tone, string Icon, string Headline, string Text) Outcome => Payment.State switch
    {
        "executed" => ("sb-note--info", "done", "Payment sent", "The money has left your account."),
        "held" => ("sb-note--wait", "clock", "We are checking this payment", "It is on hold and has not been sent. The amount is set aside in your account. If it was not you, or you feel pressed to pay, cancel it."),
        "rejected" => ("sb-note--bad", "warn", "Payment not sent", "The bank did not send this payment. No money has moved."),
        "failed" => ("sb-note--bad", "warn", "Payment failed", Payment.FailureCode is { } code ? Explanation.Of(new ApiProblem(422, code, "", null, ApiProblem.NoAnswer.Extensions)) : "It could not be carried out. No money has moved."),
        "cancelled" => ("sb-note--wait", "info", "Payment cancelled", "It will not be sent. No money has moved."),
        "expired" => ("sb-note--wait", "clock", "Payment ran out", "It was not approved in time. No money has moved."),
        "returned" => ("sb-note--wait", "info", "Payment returned", "The money came back to your account."),
        "approved" => ("sb-note--info", "clock", "Payment approved", "It is approved and about to be sent."),
        _ => ("sb-note--wait", "info", "Payment not sent yet", "It waits for your approval. No money has moved."),
    };

    public Task<IActionResult> OnGetAsync()
    {
        Refusal = TempData["Refusal"] as string;
        return ShowAsync();
    }

    public async Task<IActionResult> OnPostCancelAsync()
    {
        var result = await Api.CancelPaymentAsync(Id, await CallAsync(), HttpContext.RequestAborted);
        if (result.Succeeded)
        {
            return RedirectToPage(new { id = Id });
        }

        if (result.Problem.Code is ErrorCodes.Unauthenticated or ErrorCodes.NotFound)
        {
            return await FailAsync(result.Problem);
        }

        Refusal = Explanation.Of(result.Problem);
        return await ShowAsync();
    }

    private async Task<IActionResult> ShowAsync()
    {
        var payment = await Api.GetPaymentAsync(Id, await CallAsync(), HttpContext.RequestAborted);
        if (!payment.Succeeded)
        {
            return await FailAsync(payment.Problem);
        }

        Payment = payment.Value;
        return Page();
    }
}
