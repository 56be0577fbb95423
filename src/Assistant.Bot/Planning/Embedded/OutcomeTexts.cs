using System.Text.Json;

namespace Assistant.Bot.Planning.Embedded;

/// <summary>The sentences for what became of a payment, written when the bank reports it (<c>securebank.payment.state_changed.v1</c>).</summary>
public static class OutcomeTexts
{
    /// <summary>
    /// The sentence for a payment that reached <paramref name="state"/>, or null when there is nothing to tell (a draft, a payment
    /// waiting for approval). Figures and names come from the event's data: amount, currency, creditorName.
    /// </summary>
    public static string? For(string state, JsonElement data)
    {
        var name = $"outcome_{state}";
        return Texts.British.Has(name)
            ? Texts.British.Say(name, 0, ("amount", Words.Money(data.Text("amount"), data.Text("currency"))), ("payee", data.Text("creditorName") ?? "your payee"))
            : null;
    }

    /// <summary>Whether a payment in that state can no longer be changed or cancelled from the conversation's draft.</summary>
    public static bool Closes(string state) => state is not ("draft" or "awaiting_approval");
}
