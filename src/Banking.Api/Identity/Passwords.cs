using Microsoft.AspNetCore.Identity;

namespace Banking.Api.Identity;

/// <summary>Checks passwords in the same time whether or not there is a user.</summary>
internal sealed class Passwords(IPasswordHasher<BankUser> hasher)
{
    // OWASP Password Storage Cheat Sheet: 210,000 iterations for PBKDF2-HMAC-SHA512, which is Identity's version 3 format.
    public const int Iterations = 210_000;

    private static readonly BankUser Nobody = new();

    // Of a password nobody knows, at the same cost as real ones. Made once: hashing it takes as long as checking it.
    private static string? s_dummyHash;

    public string Hash(BankUser user, string password) => hasher.HashPassword(user, password);

    /// <summary>Whether the password is the user's; false, after the same work, for no user.</summary>
    public PasswordVerificationResult Verify(BankUser? user, string password)
    {
        s_dummyHash ??= hasher.HashPassword(Nobody, OpaqueToken.Create("").Token);
        var result = hasher.VerifyHashedPassword(user ?? Nobody, user?.PasswordHash ?? s_dummyHash, password);
        return user?.PasswordHash is null ? PasswordVerificationResult.Failed : result;
    }

    /// <summary>Makes the dummy hash ahead of the first unknown user.</summary>
    public void WarmUp() => s_dummyHash ??= hasher.HashPassword(Nobody, OpaqueToken.Create("").Token);
}
