using Banking.Api.Identity;
using Microsoft.AspNetCore.Identity;
using Microsoft.AspNetCore.Identity.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore;

namespace Banking.Api.Infrastructure;

/// <summary>
/// The bank's database for everything but posting. Each noun maps its own tables in its own folder
/// (<see cref="IEntityTypeConfiguration{TEntity}"/>); sets are reached with <c>db.Set&lt;T&gt;()</c>. The schema is made by numbered SQL files, never by this model.
/// </summary>
public sealed class BankDbContext(DbContextOptions<BankDbContext> options)
    : IdentityDbContext<BankUser, IdentityRole<long>, long>(options)
{
    /// <inheritdoc/>
    protected override Version SchemaVersion => IdentitySchemaVersions.Version3;

    /// <inheritdoc/>
    protected override void OnModelCreating(ModelBuilder builder)
    {
        base.OnModelCreating(builder);
        builder.ApplyConfigurationsFromAssembly(typeof(BankDbContext).Assembly);
        SnakeCase.Apply(builder);
    }
}
