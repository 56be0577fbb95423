using System.Data;
using System.Globalization;
using Npgsql;
using SecureBank.ServiceDefaults;

namespace Banking.Api.Audit;

/// <summary>
/// <c>verify [--seal HEX]</c>: checks the audit trail and the rules of the books in one snapshot of a bank that may be at work.
/// Exit code 0 when all holds, 1 when something does not. <c>--seal</c> is a seal hash kept elsewhere that must be in the chain.
/// </summary>
internal static class VerifyCommand
{
    public static async Task<int> RunAsync(string[] args, TextWriter output, CancellationToken cancellationToken = default)
    {
        var configuration = new ConfigurationBuilder().AddEnvironmentVariables().AddCommandLine(args).Build();
        byte[]? expected = null;
        if (configuration["seal"] is { } hex)
        {
            if (hex.Length != 64 || hex.Any(c => !char.IsAsciiHexDigit(c)))
            {
                await output.WriteLineAsync("--seal takes the 64 hexadecimal digits of a seal hash.");
                return 2;
            }

            expected = Convert.FromHexString(hex);
        }

        await using var database = NpgsqlDataSource.Create(configuration.Require("ConnectionStrings:Bank"));
        return await RunAsync(database, expected, output, cancellationToken) ? 0 : 1;
    }

    /// <summary>Writes the report; true when everything holds.</summary>
    public static async Task<bool> RunAsync(NpgsqlDataSource database, byte[]? expectedSeal, TextWriter output, CancellationToken cancellationToken = default)
    {
        await using var first = await database.OpenConnectionAsync(cancellationToken);
        await using var second = await database.OpenConnectionAsync(cancellationToken);
        await using var snapshot = await BeginAsync(first);
        string name;
        await using (var export = new NpgsqlCommand("select pg_export_snapshot()", first))
        {
            name = (string)(await export.ExecuteScalarAsync(cancellationToken))!;
        }

        // Both connections see the same instant.
        await using var same = await BeginAsync(second);
#pragma warning disable CA2100 // The name is PostgreSQL's own; the statement takes no parameters.
        await using (var import = new NpgsqlCommand($"set transaction snapshot '{name}'", second))
#pragma warning restore CA2100
        {
            await import.ExecuteNonQueryAsync(cancellationToken);
        }

        var trail = await TrailCheck.RunAsync(first, second, expectedSeal, cancellationToken);
        await WriteAsync(trail.Fault is null, "audit trail", TrailCheck.Describe(trail));
        var holds = trail.Fault is null;
        foreach (var finding in await LedgerCheck.RunAsync(first, cancellationToken))
        {
            await WriteAsync(finding.Breaches == 0, finding.Rule, finding.Breaches == 0
                ? string.Create(CultureInfo.InvariantCulture, $"{finding.Checked} checked")
                : string.Create(CultureInfo.InvariantCulture, $"{finding.Breaches} of {finding.Checked} do not, first {finding.FirstBad}"));
            holds &= finding.Breaches == 0;
        }

        await output.WriteLineAsync($"Last seal: {Convert.ToHexStringLower(trail.LastSealHash)}");
        await output.WriteLineAsync(holds ? "Everything holds." : "Something does not hold: see the lines marked FAULT.");
        return holds;

        Task WriteAsync(bool ok, string rule, string text) => output.WriteLineAsync($"{(ok ? "ok   " : "FAULT")}  {rule}: {text}");

        async Task<NpgsqlTransaction> BeginAsync(NpgsqlConnection connection)
        {
            var transaction = await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, cancellationToken);
            await using var readOnly = new NpgsqlCommand("set transaction read only", connection);
            await readOnly.ExecuteNonQueryAsync(cancellationToken);
            return transaction;
        }
    }
}
