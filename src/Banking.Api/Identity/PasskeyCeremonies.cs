namespace Banking.Api.Identity;

/// <summary>What a WebAuthn ceremony is for.</summary>
public static class CeremonyPurposes
{
    /// <summary>Signing in with any passkey.</summary>
    public const string SignIn = "sign_in";

    /// <summary>Making a new passkey.</summary>
    public const string Registration = "registration";

    /// <summary>Approving one authorization.</summary>
    public const string Authorization = "authorization";
}
