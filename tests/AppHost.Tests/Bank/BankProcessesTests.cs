using AppHost.Bank;
using Testing;

namespace AppHost.Tests.Bank;

public sealed class BankProcessesTests
{
    [Fact]
    public async Task Describe_GivesOwnersToMigrationsAndNothingMoreThanItsOwnToEachService()
    {
        var path = HostProcess.NewData();
        await using (var data = await DataFolder.OpenAsync(path, reset: false, CancellationToken.None))
        {
            var secrets = await Secrets.LoadAsync(data.SecretsFile, CancellationToken.None);
            var bank = BankProcesses.Describe(new BankContext(data, secrets, await TestCluster.GetAsync(), new Ports(5080)));

            Assert.Equal(["Banking.Api", "Assistant.Bot", "Bank.Web"], bank.Services.Select(service => service.Process.Name));
            foreach (var service in bank.Services)
            {
                Assert.DoesNotContain(service.Process.Environment.Values, value => secrets.Roles.Any(role => role.Name.EndsWith("_owner", StringComparison.Ordinal) && value.Contains(role.Password, StringComparison.Ordinal)));
                Assert.DoesNotContain(secrets[Secrets.PostgresSuperuser], string.Join('\n', service.Process.Environment.Values), StringComparison.Ordinal);
            }

            var (api, bot, web) = (Settings(bank, 0), Settings(bank, 1), Settings(bank, 2));
            Assert.DoesNotContain(secrets.Role("bank_app"), bot + web, StringComparison.Ordinal);
            Assert.DoesNotContain(secrets.Role("assistant_app"), api + web, StringComparison.Ordinal);
            Assert.DoesNotContain(secrets[Secrets.WebClient], bot, StringComparison.Ordinal);
            Assert.DoesNotContain(secrets[Secrets.AssistantClient], web, StringComparison.Ordinal);
            Assert.DoesNotContain(secrets[Secrets.EventSigning], web, StringComparison.Ordinal);
            Assert.DoesNotContain(secrets[Secrets.DirectLine], api, StringComparison.Ordinal);

            foreach (var migration in bank.Preparations.Where(preparation => preparation.Process.Arguments is ["migrate"]))
            {
                Assert.Single(migration.Process.Environment.Values, value => secrets.Roles.Any(role => value.Contains(role.Password, StringComparison.Ordinal)));
            }
        }

        Directory.Delete(path, recursive: true);
    }

    private static string Settings(BankProcesses bank, int service) => string.Join('\n', bank.Services[service].Process.Environment.Values);
}
