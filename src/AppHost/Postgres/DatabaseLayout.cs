using Npgsql;

namespace AppHost.Postgres;

/// <summary>A login role and its password. No role of the bank may create databases or roles.</summary>
/// <param name="Name">The role's name.</param>
/// <param name="Password">Its generated password.</param>
public sealed record DatabaseRole(string Name, string Password);

/// <summary>A schema inside a database that belongs to a process of its own.</summary>
/// <param name="Name">The schema's name.</param>
/// <param name="Owner">The role that migrates it.</param>
/// <param name="App">The role that uses it.</param>
public sealed record SchemaLayout(string Name, string Owner, string App);

/// <summary>Who owns a database of the bank and who may connect to it.</summary>
/// <param name="Name">The database's name.</param>
/// <param name="Owner">The role that migrates it and owns what is in it.</param>
/// <param name="App">The role requests are served with; it can connect, and may do what migrations grant it.</param>
/// <param name="Schemas">Schemas with owners of their own.</param>
public sealed record DatabaseLayout(string Name, string Owner, string App, IReadOnlyList<SchemaLayout> Schemas)
{
    /// <summary>The bank's database: identity, ledger, payments, audit; and the pages' tickets and keys in a schema of their own.</summary>
    public static DatabaseLayout Bank { get; } = new("bank", "bank_owner", "bank_app", [new SchemaLayout("web", "web_owner", "web_app")]);

    /// <summary>The assistant's database: conversations and their journal.</summary>
    public static DatabaseLayout Assistant { get; } = new("assistant", "assistant_owner", "assistant_app", []);

    /// <summary>Every database of the bank.</summary>
    public static IReadOnlyList<DatabaseLayout> All { get; } = [Bank, Assistant];

    /// <summary>The roles this database needs.</summary>
    public IEnumerable<string> Roles => [Owner, App, .. Schemas.SelectMany(schema => new[] { schema.Owner, schema.App })];

    /// <summary>Makes roles that are missing, and gives all of them the password and the few rights they are meant to have.</summary>
    public static async Task CreateRolesAsync(PostgresCluster cluster, IEnumerable<DatabaseRole> roles, CancellationToken cancellationToken = default)
    {
        await using var connection = new NpgsqlConnection(cluster.SuperuserConnectionString());
        await connection.OpenAsync(cancellationToken);
        foreach (var role in roles)
        {
            if (!await ExistsAsync(connection, "SELECT 1 FROM pg_roles WHERE rolname = $1", role.Name, cancellationToken))
            {
                await ExecuteAsync(connection, $"CREATE ROLE {Quote(role.Name)}", cancellationToken);
            }

            await ExecuteAsync(connection, $"ALTER ROLE {Quote(role.Name)} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS PASSWORD {Literal(role.Password)}", cancellationToken);
        }
    }

    /// <summary>Makes the database when it is missing, and sets who may connect to it. The roles must exist.</summary>
    /// <param name="cluster">Where.</param>
    /// <param name="name">Its name when it is not to be the layout's own.</param>
    /// <param name="template">A database to copy, or null for an empty one.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task CreateDatabaseAsync(PostgresCluster cluster, string? name = null, string? template = null, CancellationToken cancellationToken = default)
    {
        var database = Quote(name ?? Name);
        await using (var connection = new NpgsqlConnection(cluster.SuperuserConnectionString()))
        {
            await connection.OpenAsync(cancellationToken);
            if (!await ExistsAsync(connection, "SELECT 1 FROM pg_database WHERE datname = $1", name ?? Name, cancellationToken))
            {
                await ExecuteAsync(connection, $"CREATE DATABASE {database} OWNER {Quote(Owner)} TEMPLATE {Quote(template ?? "template0")}", cancellationToken);
            }

            await ExecuteAsync(connection, $"REVOKE ALL ON DATABASE {database} FROM PUBLIC", cancellationToken);
            await ExecuteAsync(connection, $"GRANT CONNECT ON DATABASE {database} TO {string.Join(", ", Roles.Select(Quote))}", cancellationToken);
        }

        await using (var inside = new NpgsqlConnection(cluster.SuperuserConnectionString(name ?? Name)))
        {
            await inside.OpenAsync(cancellationToken);
            await ExecuteAsync(inside, $"ALTER SCHEMA public OWNER TO {Quote(Owner)}; REVOKE CREATE ON SCHEMA public FROM PUBLIC", cancellationToken);
            foreach (var schema in Schemas)
            {
                await ExecuteAsync(inside, $"ALTER ROLE {Quote(schema.Owner)} IN DATABASE {database} SET search_path = {Quote(schema.Name)}; ALTER ROLE {Quote(schema.App)} IN DATABASE {database} SET search_path = {Quote(schema.Name)}", cancellationToken);
                await ExecuteAsync(inside, $"CREATE SCHEMA IF NOT EXISTS {Quote(schema.Name)} AUTHORIZATION {Quote(schema.Owner)}; GRANT USAGE ON SCHEMA {Quote(schema.Name)} TO {Quote(schema.App)}", cancellationToken);
            }
        }
    }

    private static async Task<bool> ExistsAsync(NpgsqlConnection connection, string query, string name, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(query, connection) { Parameters = { new NpgsqlParameter { Value = name } } };
        return await command.ExecuteScalarAsync(cancellationToken) is not null;
    }

    // Names and passwords of DDL cannot be parameters; both are quoted as PostgreSQL asks.
    private static async Task ExecuteAsync(NpgsqlConnection connection, string statement, CancellationToken cancellationToken)
    {
#pragma warning disable CA2100 // Built from this type's own names and from passwords, each quoted.
        await using var command = new NpgsqlCommand(statement, connection);
#pragma warning restore CA2100
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private static string Quote(string name) => "\"" + name.Replace("\"", "\"\"", StringComparison.Ordinal) + "\"";

    private static string Literal(string value) => "'" + value.Replace("'", "''", StringComparison.Ordinal) + "'";
}
