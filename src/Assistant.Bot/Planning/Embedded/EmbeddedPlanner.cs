using System.Text.Json;
using Assistant.Bot.Planning.Embedded.Flows;
using Assistant.Bot.Understanding;
using Assistant.Bot.Understanding.Values;

namespace Assistant.Bot.Planning.Embedded;

/// <summary>
/// The planner that needs no network: trained models read the message, the dialogue state says what it is about, and one flow of
/// <see cref="Skills"/> answers it. Thread-safe; keeps nothing between calls.
/// </summary>
public sealed class EmbeddedPlanner(UnderstandingModel model) : IPlanner
{
    /// <summary>A read that answers a wrong guess harmlessly; such an intent is acted on although the model is unsure.</summary>
    private static readonly string[] Harmless = [IntentNames.Balance, IntentNames.Transactions, IntentNames.Spending, IntentNames.ListPayees, IntentNames.PaymentStatus, IntentNames.Help];

    /// <summary>Who goes on about other things was reminded of the open question often enough; it stays open all the same.</summary>
    private const int MaxReminders = 2;

    private static readonly string[] MoneySkills = [IntentNames.PayPayee, IntentNames.OwnTransfer, IntentNames.AddPayee];

    /// <inheritdoc/>
    public string Name => "embedded";

    /// <inheritdoc/>
    public async Task<PlannerStep> NextAsync(PlannerTurn turn, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var script = new TurnScript(turn, Texts.British, model.Version);
        var reply = turn.Input switch
        {
            CustomerInput.Text text => HearAsync(script, text.Value),
            CustomerInput.CardTap tap => TapAsync(script, tap),
            CustomerInput.Event happened => Task.FromResult(Tell(script, happened)),
            _ => throw new InvalidOperationException($"Unknown input {turn.Input.GetType().Name}."),
        };

        // A flow that waits for a tool stays where it is; see TurnScript.
        return script.Pending.Count > 0 ? new PlannerStep.CallTools([.. script.Pending], []) : await reply;
    }

    private async Task<PlannerStep.Reply> HearAsync(TurnScript script, string text)
    {
        var heard = Correction.Read(model.Understand(text, script.Today), script.State);
        if (LaterDay.Without(heard, script.Today, model, script.State.Task) is { } atOnce)
        {
            var reply = await ReplyAsync(script, atOnce);
            return reply with { Text = script.Say("at_once", ("text", reply.Text)) };
        }

        return await ReplyAsync(script, heard);
    }

    private static async Task<PlannerStep.Reply> ReplyAsync(TurnScript script, Utterance heard)
    {
        var state = script.State;
        var negated = heard.Slots.FirstOrDefault(slot => slot.Slot == SlotNames.Negated);

        if (state.Task is { } task && await AnswerAsync(script, task, heard) is { } answered)
        {
            return answered;
        }

        var intent = Decide(state, heard, negated is not null);
        if (intent is null)
        {
            return NotUnderstood(script, heard);
        }

        script.Record(new TurnUnderstood(intent, Math.Round(heard.Confidence, 4), true, script.ModelVersion));
        return await ActAsync(script, intent, Heard.Of(heard));
    }

    /// <summary>What the message is, given where the dialogue stands; null when it could not be made out.</summary>
    private static string? Decide(DialogueState state, Utterance heard, bool negates)
    {
        var values = heard.Values;
        if (heard.Certainty == Certainty.Accepted)
        {
            return heard.Intent;
        }

        // Two readings that are close are settled by what is open, then by which of them the slots bear out.
        string[] readings = heard.RunnerUpConfidence >= 0.15 ? [heard.Intent, heard.RunnerUp] : [heard.Intent];
        if (state.Draft is not null && readings.Contains(IntentNames.Amend) && (negates || values.Amount is not null || values.Account is not null || values.Payee is not null || values.Reference is not null))
        {
            return IntentNames.Amend;
        }

        foreach (var reading in readings)
        {
            var borneOut = reading switch
            {
                IntentNames.PayPayee => values.Payee is not null && values.Amount is not null,
                IntentNames.OwnTransfer => values.ToAccount is not null || (values.Account is not null && values.Amount is not null),
                IntentNames.AddPayee => values.Iban is not null,
                IntentNames.Inform => values != SlotValues.None,
                IntentNames.Cancel or IntentNames.Approve or IntentNames.Amend => state.Draft is not null && reading == heard.Intent && heard.Certainty == Certainty.Unsure,
                IntentNames.Security => heard.Confidence > 0.25,
                _ => heard.Certainty == Certainty.Unsure && reading == heard.Intent
                    && (Harmless.Contains(reading) || reading is IntentNames.OutOfScope or IntentNames.UnsupportedBanking or IntentNames.AboutAssistant),
            };
            if (borneOut)
            {
                return reading;
            }
        }

        return null;
    }

    private static async Task<PlannerStep.Reply> ActAsync(TurnScript script, string intent, Heard heard)
    {
        var state = script.State;
        switch (intent)
        {
            case IntentNames.Amend:
                return await AmendAsync(script, heard);
            case IntentNames.Inform:
                return await InformAsync(script, heard);
            case IntentNames.Confirm:
                if (state.Draft is not null)
                {
                    return await ExplainApproval.RunAsync(script, heard);
                }

                if (state.NextPayment is { } remembered)
                {
                    NextPayment.ForgetIfAsked(script, remembered);
                    return await PayPayee.RunAsync(script, heard with { Slots = remembered });
                }

                script.Suggest("What's my balance?", "Pay someone", "Show my transactions");
                return script.Reply(script.Say("confirm_nothing"));
            case IntentNames.Deny:
                if (state.Draft is { } draft)
                {
                    script.Suggest("Cancel it", "Change the amount", "Change the account");
                    return script.Reply(script.Say("draft_denied", ("payee", draft.CreditorName)));
                }

                if (state.NextPayment is { } unwanted)
                {
                    NextPayment.ForgetIfAsked(script, unwanted);
                }

                return script.Reply(script.Say("deny_nothing"));
            case IntentNames.Greeting or IntentNames.AboutAssistant or IntentNames.UnsupportedBanking or IntentNames.OutOfScope:
                script.Suggest("What's my balance?", "Show my transactions", "Pay someone", "What can you do?");
                return Resume(script, script.Reply(script.Say(intent)));
            case IntentNames.Thanks or IntentNames.Goodbye:
                return Resume(script, script.Reply(script.Say(intent)));
        }

        var skill = Skills.Find(intent)!;
        if (MoneySkills.Contains(intent))
        {
            script.Close("replaced");
            if (intent == IntentNames.PayPayee && heard.Next is { } next)
            {
                script.Record(new PaymentRemembered(next));
                script.Suggest(NextPayment.Suggestion(next));
                var first = await skill.Run(script, heard);
                return first with { Text = script.Say("one_at_a_time", ("text", first.Text), ("next", NextPayment.Words(next))) };
            }

            NextPayment.ForgetIfAsked(script, heard.Slots);
            return await skill.Run(script, heard);
        }

        return intent is IntentNames.Cancel ? NextPayment.Offer(script, await skill.Run(script, heard)) : Resume(script, await skill.Run(script, heard));
    }

    /// <summary>A correction: of what is being asked, of what is prepared, or of the question just answered.</summary>
    private static async Task<PlannerStep.Reply> AmendAsync(TurnScript script, Heard heard)
    {
        var state = script.State;
        if (state.Task is { } task && MoneySkills.Contains(task.Skill))
        {
            return await GoOnAsync(script, task, Fit(task.Skill, heard.Slots), heard);
        }

        if (state.Draft is not null)
        {
            return await AmendPayment.RunAsync(script, heard);
        }

        return state.LastQuestion is not null && heard.Slots != SlotValues.None && heard.Slots.Amount is null
            ? await InformAsync(script, heard)
            : await AmendPayment.RunAsync(script, heard);
    }

    /// <summary>A bare value outside any question: a correction of the prepared payment, or a follow-up of the last question.</summary>
    private static async Task<PlannerStep.Reply> InformAsync(TurnScript script, Heard heard)
    {
        var state = script.State;
        var slots = heard.Slots;
        if (state.Draft is not null && (slots.Amount is not null || slots.Reference is not null || (slots.Account is not null && state.LastQuestion is null)))
        {
            return await AmendPayment.RunAsync(script, heard);
        }

        if (state.LastQuestion is { } last && Skills.Find(last.Skill) is { FollowUp: true } skill
            && (slots.Account ?? slots.ToAccount ?? slots.Period ?? slots.Category ?? slots.Merchant ?? slots.Payee) is not null)
        {
            // Another subject takes the place of the one before; the period stays.
            var subject = slots.Merchant ?? slots.Payee;
            var before = slots.Category is not null || subject is not null ? last.Slots with { Category = null, Merchant = null, Payee = null } : last.Slots;
            var merged = before.With(slots with { Payee = null, PayeeId = null, Merchant = subject, Account = slots.Account ?? slots.ToAccount, ToAccount = null, Amount = null });
            var name = last.Skill == IntentNames.Balance && (slots.Period ?? slots.Category ?? subject) is not null ? IntentNames.Spending : last.Skill;
            return await Skills.Find(name)!.Run(script, heard with { Slots = merged });
        }

        if (state.LastQuestion is { Skill: IntentNames.Balance } && slots == SlotValues.None)
        {
            // "and the others?"
            return await CheckBalance.RunAsync(script, heard);
        }

        if (state.Draft is not null && slots != SlotValues.None)
        {
            return await AmendPayment.RunAsync(script, heard);
        }

        if (slots.Iban is not null)
        {
            return await AddPayee.RunAsync(script, heard);
        }

        if (slots.Payee is { } payee)
        {
            if (slots.Amount is not null)
            {
                return await PayPayee.RunAsync(script, heard);
            }

            script.Suggest($"Pay {Words.Quote(payee)}", $"Show payments to {Words.Quote(payee)}");
            return script.Reply(script.Say("inform_nothing_payee", ("payee", Words.Quote(payee))));
        }

        if (slots.Account is not null || slots.ToAccount is not null)
        {
            return await CheckBalance.RunAsync(script, heard);
        }

        if (slots.Category is not null || slots.Period is not null)
        {
            return await SumSpending.RunAsync(script, heard);
        }

        if (slots.Merchant is not null)
        {
            return await FindTransactions.RunAsync(script, heard);
        }

        if (slots.Amount is not null)
        {
            return await PayPayee.RunAsync(script, heard);
        }

        script.Suggest("What's my balance?", "Pay someone", "What can you do?");
        return script.Reply(script.Say("inform_nothing"));
    }

    /// <summary>Reads the message as the answer to the question that is open; null when it is about something else.</summary>
    private static async Task<PlannerStep.Reply?> AnswerAsync(TurnScript script, OpenTask task, Utterance heard)
    {
        var values = heard.Values;
        var sure = heard.Certainty == Certainty.Accepted;
        var intent = heard.Intent;
        PlannerStep.Reply? Understood(PlannerStep.Reply reply) => reply;
        void Note() => script.Record(new TurnUnderstood(intent, Math.Round(heard.Confidence, 4), true, script.ModelVersion));

        if (task.Skill == CancelPayment.Confirmation)
        {
            if (sure && intent is IntentNames.Confirm or IntentNames.Cancel or IntentNames.Approve)
            {
                Note();
                return await CancelPayment.RunAsync(script, new Heard(SlotValues.None, [], heard.Text));
            }

            script.Close("cancelled");
            if (intent is IntentNames.Deny)
            {
                Note();
                return script.Reply(script.Say("deny_nothing"));
            }

            return null;
        }

        // Leaving the task: said clearly, and not just a way to introduce a value ("no, to Maya").
        if (sure && (intent is IntentNames.Cancel || (intent is IntentNames.Deny && values == SlotValues.None)))
        {
            Note();
            return await CancelPayment.RunAsync(script, new Heard(values, [], heard.Text));
        }

        if (intent is IntentNames.Amend or IntentNames.Inform && task.Skill != IntentNames.Amend && task.Asked is null)
        {
            Note();
            return await GoOnAsync(script, task, Fit(task.Skill, values), Heard.Of(heard));
        }

        if (AsksForAnother(heard))
        {
            return null;
        }

        // One word while a question is open is most likely its answer, however it reads on its own.
        var elsewhere = sure && heard.Confidence >= (Tokenizer.Tokenize(heard.Text).Count == 1 ? 0.95 : 0.6) && intent is not (IntentNames.Inform or IntentNames.Amend or IntentNames.Confirm or IntentNames.Deny or IntentNames.OutOfScope);
        var short_ = Tokenizer.Tokenize(heard.Text).Count <= 6;
        SlotValues? answer = null;
        switch (task.Asked)
        {
            case SlotNames.Amount:
                var amounts = AmountParser.Find(heard.Text);
                if (values.Amount is not null && (!elsewhere || intent is not (IntentNames.PayPayee or IntentNames.OwnTransfer) || values.Payee is null))
                {
                    answer = Fit(task.Skill, values);
                }
                else if (!elsewhere && amounts.Count == 1 && heard.Unreadable.Count == 0)
                {
                    answer = SlotValues.None with { Amount = amounts[0].Amount, Currency = amounts[0].Currency };
                }
                else if (!elsewhere && Fit(task.Skill, values) is { } other && other != SlotValues.None)
                {
                    answer = other;
                }
                else if (!elsewhere && intent is not (IntentNames.OutOfScope or IntentNames.Confirm) && (heard.Unreadable.Count > 0 || short_))
                {
                    Note();
                    script.Await(task.Skill, task.Slots, task.Asked);
                    return script.Reply(script.Say("amount_unreadable"));
                }

                break;
            case SlotNames.Payee or SlotNames.Account or SlotNames.ToAccount:
                var picked = NameMatch.Choices(values.Payee ?? values.Account ?? values.ToAccount ?? heard.Text, task.Choices);
                if (picked.Count == 1 && (!elsewhere || short_) && intent is not (IntentNames.Balance or IntentNames.Transactions or IntentNames.Spending))
                {
                    answer = Fit(task.Skill, values) with { Payee = null, Account = null, ToAccount = null };
                    answer = task.Asked switch
                    {
                        SlotNames.Payee => answer with { PayeeId = picked[0].Id },
                        SlotNames.Account => answer with { AccountId = picked[0].Id },
                        _ => answer with { ToAccountId = picked[0].Id },
                    };
                }
                else if (task.Asked == SlotNames.Payee && values.Payee is not null && (!elsewhere || intent is IntentNames.PayPayee or IntentNames.AddPayee))
                {
                    answer = Fit(task.Skill, values) with { Payee = WholeName(heard) };
                }
                else if (!elsewhere && Fit(task.Skill, values) is { } more && (more.Amount ?? more.Reference ?? more.Iban) is not null)
                {
                    // Not who, but how much or what for: kept, and asked again.
                    answer = more;
                }
                else if (task.Asked != SlotNames.Payee && (values.Account ?? values.ToAccount) is { } named && (!elsewhere || intent is IntentNames.OwnTransfer))
                {
                    answer = task.Asked == SlotNames.Account ? values with { Account = named, ToAccount = null } : values with { ToAccount = named, Account = null };
                }
                else if (!elsewhere && short_ && (intent is IntentNames.Inform or IntentNames.Amend || !sure) && heard.Text.Any(char.IsLetter))
                {
                    // A bare answer the tagger did not mark: the words are the name.
                    var said = heard.Text.Trim(' ', '.', '!', ',');
                    answer = task.Asked switch
                    {
                        SlotNames.Payee => SlotValues.None with { Payee = said },
                        SlotNames.Account => SlotValues.None with { Account = said },
                        _ => SlotValues.None with { ToAccount = said },
                    };
                }

                break;
            case SlotNames.Reference when !elsewhere:
                answer = SlotValues.None with { Reference = values.Reference ?? heard.Text.Trim() };
                break;
            case SlotNames.Period:
                if (values.Period is not null || PeriodParser.TryParse(heard.Text, script.Today, out _))
                {
                    answer = values.Period is not null || !PeriodParser.TryParse(heard.Text, script.Today, out var period)
                        ? values
                        : SlotValues.None with { From = period.From, To = period.To, Period = period.Words };
                }

                break;
            case SlotNames.Iban:
                if (values.Iban is not null)
                {
                    answer = values with { Payee = null };
                }
                else if (heard.Unreadable.Contains(SlotNames.Iban))
                {
                    Note();
                    return await GoOnAsync(script, task, SlotValues.None, new Heard(values, heard.Unreadable, heard.Text));
                }

                break;
            case null when intent is IntentNames.Confirm && sure:
                // "Try again": everything is there, and the bank could not be reached before.
                answer = SlotValues.None;
                break;
        }

        if (answer is null)
        {
            return null;
        }

        Note();
        return Understood(await GoOnAsync(script, task, answer, new Heard(answer, [], heard.Text)));
    }

    // "Pay Daniel 25" is whole in itself: nothing said about the payment before it may end up on this one, least of all a reference.
    private static bool AsksForAnother(Utterance heard) =>
        heard is { Intent: IntentNames.PayPayee, Certainty: Certainty.Accepted, Values: { Payee: { } payee, Amount: not null } } && !Shared.IsPronoun(payee)
        && Tokenizer.Tokenize(heard.Text).Any(token => token.Norm is "pay" or "send" or "transfer" or "give" or "wire");

    // "John Smith" as a whole answer is one name, also where the tagger marks only part of it.
    private static string WholeName(Utterance heard)
    {
        var tokens = Tokenizer.Tokenize(heard.Text);
        return heard.Slots.All(slot => slot.Slot == SlotNames.Payee) && tokens.Count is > 0 and <= 4 && tokens.All(token => token.Shape == TokenShape.Word)
            && char.IsUpper(tokens[0].Text[0]) && tokens[0].Norm is not ("it's" or "its" or "to" or "for" or "the" or "my" or "his" or "her" or "their" or "add" or "pay" or "please" or "sorry" or "just")
            && heard.Text.TrimEnd(' ', '.').EndsWith(heard.Slots[^1].Text, StringComparison.Ordinal)
            ? heard.Text.Trim(' ', '.')
            : heard.Values.Payee!;
    }

    /// <summary>Goes on with the open task and what was learned.</summary>
    private static async Task<PlannerStep.Reply> GoOnAsync(TurnScript script, OpenTask task, SlotValues learned, Heard heard)
    {
        var slots = task.Slots.With(learned);
        if (learned.PayeeId is not null)
        {
            slots = slots with { Payee = null };
        }

        if (learned.AccountId is not null)
        {
            slots = slots with { Account = null };
        }

        if (learned.ToAccountId is not null)
        {
            slots = slots with { ToAccount = null };
        }

        var reply = await Skills.Find(task.Skill)!.Run(script, heard with { Slots = slots });
        // A question that was answered leaves nothing open; a flow that asks again has said so itself.
        return reply.Events.Any(happened => happened is TaskUpdated or TaskClosed)
            ? reply
            : reply with { Events = [.. reply.Events, new TaskClosed(task.Skill, "done")] };
    }

    /// <summary>The values as the skill means them: "to savings" inside a payment is where it comes from or goes to, as the skill has it.</summary>
    private static SlotValues Fit(string skill, SlotValues values) => skill switch
    {
        IntentNames.PayPayee => values with { Account = values.Account ?? values.ToAccount, ToAccount = null, Period = null, From = null, To = null },
        IntentNames.AddPayee => SlotValues.None with { Payee = values.Payee, Iban = values.Iban },
        IntentNames.OwnTransfer => values with { Payee = null, Period = null, From = null, To = null },
        _ => values,
    };

    private async Task<PlannerStep.Reply> TapAsync(TurnScript script, CustomerInput.CardTap tap)
    {
        switch (tap.Action)
        {
            case CardActions.Say when tap.Values.Text("text") is { Length: > 0 } text:
                return await HearAsync(script, text);
            case CardActions.PickPayee when tap.Values.Text("payeeId") is { Length: > 0 } payeeId:
                script.Record(new TurnUnderstood(CardActions.PickPayee, 1, true));
                var paying = script.State.Task is { Asked: SlotNames.Payee } asked ? asked : new OpenTask(IntentNames.PayPayee, SlotValues.None, SlotNames.Payee, []);
                paying = paying.Skill == IntentNames.AddPayee ? new OpenTask(IntentNames.PayPayee, SlotValues.None, SlotNames.Payee, []) : paying;
                return await GoOnAsync(script, paying, SlotValues.None with { PayeeId = payeeId }, new Heard(SlotValues.None, [], ""));
            case CardActions.PickAccount when tap.Values.Text("accountId") is { Length: > 0 } accountId:
                script.Record(new TurnUnderstood(CardActions.PickAccount, 1, true));
                return script.State.Task is { Asked: SlotNames.Account or SlotNames.ToAccount } open
                    ? await GoOnAsync(script, open, open.Asked == SlotNames.Account ? SlotValues.None with { AccountId = accountId } : SlotValues.None with { ToAccountId = accountId }, new Heard(SlotValues.None, [], ""))
                    : await CheckBalance.RunAsync(script, new Heard(SlotValues.None with { AccountId = accountId }, [], ""));
            case CardActions.CancelPayment when tap.Values.Text("paymentId") is { } paymentId:
                script.Record(new TurnUnderstood(CardActions.CancelPayment, 1, true));
                // An old card may name a payment that is no longer the open one: the bank knows what it may still cancel.
                var result = await script.CallAsync(ToolNames.PaymentsCancel, ("paymentId", paymentId));
                if (result.Failed)
                {
                    return Shared.Fail(script, result);
                }

                script.Record(new PaymentClosed(paymentId, "cancelled"));
                return script.Reply(script.Say("cancelled", ("payee", result.Data.Part("payment").Part("creditor").Text("name") ?? script.State.Draft?.CreditorName ?? "your payee")));
            default:
                return NotUnderstood(script, null);
        }
    }

    /// <summary>The bank reports something: a sentence for the customer, and the state follows. An empty text means there is nothing to say.</summary>
    private static PlannerStep.Reply Tell(TurnScript script, CustomerInput.Event happened)
    {
        switch (happened.Type)
        {
            case "securebank.payment.state_changed.v1":
                var state = happened.Data.Text("state") ?? "";
                if (OutcomeTexts.Closes(state) && happened.Data.Text("paymentId") is { } paymentId)
                {
                    script.Record(new PaymentClosed(paymentId, state));
                }

                return NextPayment.Offer(script, script.Reply(OutcomeTexts.For(state, happened.Data) ?? ""));
            case "securebank.payee.created.v1" when happened.Data.Text("name") is { } name:
                var text = script.Say("payee_created", ("payee", name));
                if (script.State.Task is { Skill: IntentNames.PayPayee, Asked: SlotNames.Payee } task)
                {
                    // The payment that waited for this payee goes on.
                    var slots = task.Slots with { PayeeId = happened.Data.Text("payeeId"), Payee = null };
                    if (slots.Amount is null)
                    {
                        script.Await(IntentNames.PayPayee, slots, SlotNames.Amount);
                        return script.Reply($"{text} {script.Say("pay_amount", ("payee", name))}");
                    }

                    script.Await(IntentNames.PayPayee, slots, null);
                }

                script.Suggest($"Pay {name}");
                return script.Reply(text);
            default:
                return script.Reply("");
        }
    }

    /// <summary>After a digression: the question that was open before is asked again, <see cref="MaxReminders"/> times at most.</summary>
    private static PlannerStep.Reply Resume(TurnScript script, PlannerStep.Reply reply)
    {
        if (script.State.Task is not { Reminders: < MaxReminders } task || reply.Events.Any(happened => happened is TaskUpdated or TaskClosed))
        {
            return reply;
        }

        var question = (task.Skill, task.Asked) switch
        {
            (IntentNames.PayPayee, SlotNames.Payee) => "pay_who",
            (IntentNames.OwnTransfer, SlotNames.Amount) => "transfer_amount",
            (IntentNames.OwnTransfer, SlotNames.ToAccount) => "account_to_which",
            (IntentNames.PayPayee or IntentNames.OwnTransfer, SlotNames.Account) => "account_from_which",
            (IntentNames.PayPayee, SlotNames.Amount) => "amend_amount",
            (IntentNames.AddPayee, SlotNames.Payee) => "add_payee_name",
            _ => null,
        };
        return question is null ? reply : reply with { Events = [.. reply.Events, new TaskUpdated(task with { Reminders = task.Reminders + 1 })], Text = $"{reply.Text} {script.Say("resume", ("question", script.Say(question)))}", SuggestedReplies = [.. reply.SuggestedReplies.Take(2), "Cancel"] };
    }

    private static PlannerStep.Reply NotUnderstood(TurnScript script, Utterance? heard)
    {
        script.Record(new TurnUnderstood(heard?.Intent ?? "none", Math.Round(heard?.Confidence ?? 0, 4), false, script.ModelVersion));
        if (heard is { Certainty: Certainty.Unsure } && script.State.Misunderstandings == 0
            && script.HasText($"choice_{heard.Intent}") && script.HasText($"choice_{heard.RunnerUp}"))
        {
            var first = script.Say($"choice_{heard.Intent}");
            var second = script.Say($"choice_{heard.RunnerUp}");
            script.Suggest(Words.Sentence(first), Words.Sentence(second));
            return script.Reply(script.Say("unsure", ("first", first), ("second", second)));
        }

        script.Suggest("What's my balance?", "Show my transactions", "Pay someone", "What can you do?");
        return Resume(script, script.Reply(script.Say(script.State.Misunderstandings > 0 ? "not_understood_again" : "not_understood")));
    }
}
