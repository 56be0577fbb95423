using System.Diagnostics.CodeAnalysis;
using Npgsql;

namespace Assistant.Bot.Conversations;

/// <summary>Commands with positional parameters. Every statement of this process is a constant; values only ever travel as parameters.</summary>
[SuppressMessage("Security", "CA2100", Justification = "Callers pass constants; there is no concatenated SQL in this project.")]
internal static class Sql
{
    public static NpgsqlCommand Statement(this NpgsqlConnection connection, string text, params ReadOnlySpan<object?> values) =>
        Bind(new NpgsqlCommand(text, connection), values);

    public static NpgsqlCommand Statement(this NpgsqlDataSource database, string text, params ReadOnlySpan<object?> values) =>
        Bind(database.CreateCommand(text), values);

    public static T? Get<T>(this NpgsqlDataReader row, int column)
        where T : class => row.IsDBNull(column) ? null : row.GetFieldValue<T>(column);

    public static T? GetValue<T>(this NpgsqlDataReader row, int column)
        where T : struct => row.IsDBNull(column) ? null : row.GetFieldValue<T>(column);

    private static NpgsqlCommand Bind(NpgsqlCommand command, ReadOnlySpan<object?> values)
    {
        foreach (var value in values)
        {
            command.Parameters.Add(new NpgsqlParameter { Value = value ?? DBNull.Value });
        }

        return command;
    }
}
