using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Banking.Api.Authorizations;

internal sealed class AuthorizationRecordConfiguration : IEntityTypeConfiguration<AuthorizationRecord>
{
    public void Configure(EntityTypeBuilder<AuthorizationRecord> builder)
    {
        builder.ToTable("authorization", "identity");
        builder.HasKey(row => row.Id);
        builder.Property(row => row.Details).HasColumnType("jsonb");
    }
}
