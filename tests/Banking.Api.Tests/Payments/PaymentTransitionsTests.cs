using Banking.Api.Payments;

namespace Banking.Api.Tests.Payments;

/// <summary>Every state with every command, against the table as a person would draw it.</summary>
public sealed class PaymentTransitionsTests
{
    // Columns in the order of PaymentCommand; '.' is refused.
    private const string Table =
        """
        state             Amend  Submit             Approve   Decline    Execute   Hold  Release   Reject    Fail    Cancel     Expire   Return
        draft             draft  awaiting_approval  .         .          .         .     .         .         .       cancelled  expired  .
        awaiting_approval draft  awaiting_approval  approved  cancelled  .         .     .         .         .       cancelled  expired  .
        approved          .      awaiting_approval  .         .          executed  held  .         rejected  failed  cancelled  expired  .
        held              .      .                  .         .          .         .     executed  rejected  failed  cancelled  .        .
        executed          .      .                  .         .          .         .     .         .         .       .          .        returned
        rejected          .      .                  .         .          .         .     .         .         .       .          .        .
        cancelled         .      .                  .         .          .         .     .         .         .       .          .        .
        expired           .      .                  .         .          .         .     .         .         .       .          .        .
        failed            .      .                  .         .          .         .     .         .         .       .          .        .
        returned          .      .                  .         .          .         .     .         .         .       .          .        .
        """;

    [Fact]
    public void Next_ForEveryStateAndCommand_IsTheTable()
    {
        var lines = Table.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries)).ToList();
        Assert.Equal(Enum.GetNames<PaymentCommand>().Order(StringComparer.Ordinal), lines[0][1..].Order(StringComparer.Ordinal));
        Assert.Equal(PaymentStates.All.Order(StringComparer.Ordinal), lines[1..].Select(line => line[0]).Order(StringComparer.Ordinal));
        foreach (var line in lines[1..])
        {
            for (var column = 1; column < line.Length; column++)
            {
                var command = Enum.Parse<PaymentCommand>(lines[0][column]);
                Assert.Equal(line[column] == "." ? null : line[column], PaymentTransitions.Next(line[0], command));
            }
        }
    }
}
