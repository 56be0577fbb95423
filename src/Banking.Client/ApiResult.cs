using System.Diagnostics.CodeAnalysis;
using System.Text.Json;

namespace Banking.Client;

/// <summary>
/// An answer of the bank that is not a success (RFC 9457): expected, and therefore a value. Match on <paramref name="Code"/> (<see cref="ErrorCodes"/>).
/// </summary>
/// <param name="Status">The HTTP status; 0 when no answer arrived.</param>
/// <param name="Code">The stable code; <see cref="ErrorCodes.Unavailable"/> when no usable answer arrived.</param>
/// <param name="Title">What is wrong, for people.</param>
/// <param name="Detail">What can be done about it.</param>
/// <param name="Extensions">Further members, for example <c>authorizationId</c>.</param>
public sealed record ApiProblem(int Status, string Code, string Title, string? Detail, IReadOnlyDictionary<string, JsonElement> Extensions)
{
    /// <summary>No answer: the bank could not be reached, or did not answer in time. Whether a command was carried out is not known; repeat it with the same idempotency key.</summary>
    public static ApiProblem NoAnswer { get; } =
        new(0, ErrorCodes.Unavailable, "The bank cannot be reached at the moment.", null, new Dictionary<string, JsonElement>(StringComparer.Ordinal));

    /// <summary>A text member of the answer, such as <c>authorizationId</c>; null when absent or not a text.</summary>
    public string? Text(string name) =>
        Extensions.TryGetValue(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}

/// <summary>Either what was asked for or why not.</summary>
public sealed class ApiResult<T>
{
    private ApiResult(T? value, ApiProblem? problem, bool replayed)
    {
        Value = value;
        Problem = problem;
        Replayed = replayed;
    }

    /// <summary>What was asked for, when <see cref="Succeeded"/>.</summary>
    public T? Value { get; }

    /// <summary>Why not, otherwise.</summary>
    public ApiProblem? Problem { get; }

    /// <summary>Whether the bank had carried this command out before (same idempotency key) and only repeated its answer.</summary>
    public bool Replayed { get; }

    /// <summary>Whether there is a <see cref="Value"/>.</summary>
    [MemberNotNullWhen(true, nameof(Value))]
    [MemberNotNullWhen(false, nameof(Problem))]
    public bool Succeeded => Problem is null;

    /// <summary>A problem is a result.</summary>
    public static implicit operator ApiResult<T>(ApiProblem problem) => new(default, problem, replayed: false);

    /// <summary>A value is a result.</summary>
    public static implicit operator ApiResult<T>(T value) => new(value, null, replayed: false);

    internal static ApiResult<T> Of(T value, bool replayed) => new(value, null, replayed);
}

/// <summary>The value of a command that answers nothing (204).</summary>
public readonly record struct Done;
