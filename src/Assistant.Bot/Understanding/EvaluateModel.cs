namespace Assistant.Bot.Understanding;

/// <summary>Measures a model on labelled utterances.</summary>
internal static class EvaluateModel
{
    private static readonly string[] Refusals = [IntentNames.OutOfScope];

    public static HeldOutFigures Figures(UnderstandingModel model, IReadOnlyList<Example> examples)
    {
        var results = Run(model, examples);
        var right = results.Count(result => result.Guess == result.Example.Intent);
        int found = 0, wanted = 0, matched = 0;
        foreach (var (example, _, _, slots) in results)
        {
            var gold = example.Slots.Where(_ => !UnderstandingModel.IsTurnedAway(example.Intent)).Select(span => (span.Slot, span.Start, span.Length)).ToHashSet();
            var guess = slots.Select(slot => (slot.Slot, slot.Start, slot.Length)).ToHashSet();
            wanted += gold.Count;
            found += guess.Count;
            matched += gold.Intersect(guess).Count();
        }

        var outOfScope = results.Where(result => Refusals.Contains(result.Example.Intent)).ToList();
        var inScope = results.Where(result => !Refusals.Contains(result.Example.Intent)).ToList();
        return new HeldOutFigures(
            results.Count,
            Share(right, results.Count),
            Math.Round(ByIntent(results).Average(row => row.F1), 4),
            Math.Round(wanted + found == 0 ? 1 : 2.0 * matched / (wanted + found), 4),
            Share(outOfScope.Count(result => TurnedAway(result, model.Manifest.AcceptAbove)), outOfScope.Count),
            Share(inScope.Count(result => TurnedAway(result, model.Manifest.AcceptAbove)), inScope.Count));
    }

    /// <summary>
    /// The probability below which a reading is not acted on: the highest, so the one that turns most out-of-scope utterances away, at which no more
    /// than <paramref name="mostTurnedAway"/> of those in scope are.
    /// </summary>
    public static double ChooseThreshold(UnderstandingModel model, IReadOnlyList<Example> examples, double mostTurnedAway)
    {
        var results = Run(model, examples);
        var inScope = results.Where(result => !Refusals.Contains(result.Example.Intent)).ToList();
        return Enumerable.Range(20, 41).Select(percent => percent / 100.0)
            .Where(threshold => threshold <= 0.2 || Share(inScope.Count(result => TurnedAway(result, threshold)), inScope.Count) <= mostTurnedAway)
            .Max();
    }

    public static IReadOnlyList<(string Intent, int Count, double F1)> ByIntent(UnderstandingModel model, IReadOnlyList<Example> examples) => ByIntent(Run(model, examples));

    /// <summary>Each utterance the model reads differently from its label, for whoever improves the corpus.</summary>
    public static IEnumerable<string> Mistakes(UnderstandingModel model, IReadOnlyList<Example> examples)
    {
        foreach (var (example, guess, confidence, slots) in Run(model, examples))
        {
            var gold = string.Join(", ", example.Slots.Select(span => $"{span.Slot}={example.Text.Substring(span.Start, span.Length)}"));
            var seen = string.Join(", ", slots.Select(slot => $"{slot.Slot}={slot.Text}"));
            if (guess != example.Intent || gold != seen)
            {
                yield return $"{example.Intent} -> {guess} ({confidence:F2}) | {example.Text} | {gold}{(gold == seen ? "" : $" -> {seen}")}";
            }
        }
    }

    private static List<(Example Example, string Guess, double Confidence, IReadOnlyList<FoundSlot> Slots)> Run(UnderstandingModel model, IReadOnlyList<Example> examples) =>
        [.. examples.Select(example =>
        {
            var (slots, scores) = model.Analyse(example.Text);
            var top = scores.Index().MaxBy(pair => pair.Item);
            return (example, model.IntentLabels[top.Index], (double)top.Item, slots);
        })];

    private static bool TurnedAway((Example Example, string Guess, double Confidence, IReadOnlyList<FoundSlot> Slots) result, double accept) =>
        Refusals.Contains(result.Guess) || result.Confidence < accept;

    private static List<(string Intent, int Count, double F1)> ByIntent(List<(Example Example, string Guess, double Confidence, IReadOnlyList<FoundSlot> Slots)> results) =>
        [.. results.Select(result => result.Example.Intent).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).Select(intent =>
        {
            var count = results.Count(result => result.Example.Intent == intent);
            var guessed = results.Count(result => result.Guess == intent);
            var both = results.Count(result => result.Guess == intent && result.Example.Intent == intent);
            return (intent, count, Math.Round(2.0 * both / (count + guessed), 4));
        })];

    private static double Share(int part, int whole) => whole == 0 ? 0 : Math.Round((double)part / whole, 4);
}
