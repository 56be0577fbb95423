using Banking.Api;

return await BankingApi.RunAsync(args);
