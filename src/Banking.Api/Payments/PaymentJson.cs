using System.Text.Json;
using System.Text.Json.Serialization;
using Banking.Client;

namespace Banking.Api.Payments;

/// <summary>The wire form of payments, made without reflection on the execution path; equal to what the other endpoints answer.</summary>
[JsonSerializable(typeof(Payment))]
[JsonSerializable(typeof(CashReceipt))]
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
internal sealed partial class PaymentJson : JsonSerializerContext;
