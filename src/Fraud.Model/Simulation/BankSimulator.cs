namespace Fraud.Model;

/// <summary>
/// A bank of customers with habits (salary, rent, bills, shops, friends, one-off payees, savings; devices, hours, credential changes) and
/// frauds among them. Deterministic by seed. Deliberately untidy where real customers are: browsers that forget (a new device every time),
/// payees paid minutes after they were added, accounts run down to the last pound before payday, new customers enrolling credentials,
/// deposits and used cars paid to strangers. Without those a model would learn that everyday life is fraud.
/// </summary>
public sealed class BankSimulator
{
    private const int FirstLandlord = 1_000_000;
    private const int FirstBiller = 2_000_000;
    private const int FirstShop = 3_000_000;
    private const int FirstPerson = 4_000_000;
    private const int FirstMule = 8_000_000;
    private const double MinutesPerDay = 24 * 60;

    private readonly SimulationOptions _options;
    private readonly Customer[] _customers;
    private readonly List<Intent> _intents = [];
    private int _people = FirstPerson;
    private int _mules = FirstMule;
    private int _episodes;

    /// <summary>Prepares the bank.</summary>
    public BankSimulator(SimulationOptions options)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(options.Customers);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(options.Days, options.WarmUpDays);
        _options = options;
        _customers = new Customer[options.Customers];
        for (var id = 0; id < _customers.Length; id++)
            _customers[id] = new Customer(id, options, new DeterministicRandom(options.Seed, id + 1));
        foreach (var customer in _customers)
            PlanLife(customer);
        PlanFrauds(new DeterministicRandom(options.Seed, -1));
        // Planning order breaks ties, so the order is total.
        for (var i = 0; i < _intents.Count; i++)
            _intents[i] = _intents[i] with { Order = i };
        _intents.Sort((left, right) => left.Minute != right.Minute ? left.Minute.CompareTo(right.Minute) : left.Order.CompareTo(right.Order));
    }

    /// <summary>All payments in order of time. May be run once, because balances and relationships live in the customers.</summary>
    public IEnumerable<SimulatedPayment> Run()
    {
        foreach (var intent in _intents)
        {
            var customer = _customers[intent.Customer];
            customer.AdvanceTo(intent.Minute);
            var amount = intent.Share > 0 ? customer.Balance * intent.Share : intent.Amount;
            if (intent.Scenario != FraudScenario.None)
                amount = Math.Min(amount, customer.Balance * 0.98);
            else if (amount > customer.Balance)
                amount = customer.Balance * intent.Fallback;

            var minor = (long)Math.Round(amount * 100);
            var floor = intent.Scenario is FraudScenario.None or FraudScenario.PaymentBurst ? 1_00 : 100_00;
            if (minor < floor)
                continue;

            var payee = intent.Payee;
            var facts = new PaymentFacts(
                At: _options.Start.AddMilliseconds(Math.Round(intent.Minute * 60_000)),
                UtcOffset: _options.UtcOffset,
                AmountMinor: minor,
                AvailableBeforeMinor: (long)Math.Round(customer.Balance * 100),
                Kind: payee.Kind,
                Channel: intent.Assistant ? PaymentChannel.Assistant : PaymentChannel.Web,
                PaymentsToPayeeBefore: payee.Paid,
                PayeeAgeHours: Math.Max(0, intent.Minute - payee.AddedMinute) / 60,
                SessionAgeMinutes: intent.SessionMinutes,
                DeviceAgeDays: intent.DeviceAgeDays,
                CustomerAgeDays: Math.Max(0, intent.Minute - customer.JoinedMinute) / MinutesPerDay,
                CredentialChangesLast7Days: customer.CredentialChangesBefore(intent.Minute));
            payee.Paid++;
            customer.Balance -= minor / 100.0;
            if (payee.Kind == PaymentKind.OwnTransfer)
                customer.Savings += minor / 100.0;

            var warm = intent.Minute < _options.WarmUpDays * MinutesPerDay;
            yield return new SimulatedPayment(facts, customer.Id, payee.Counterparty, warm, intent.Scenario, intent.Episode);
        }
    }

    private void PlanLife(Customer customer)
    {
        var random = customer.Random;
        var savings = new Payee(-1 - customer.Id, PaymentKind.OwnTransfer, customer.JoinedMinute, 0);
        var landlords = Math.Max(1, _options.Customers / 12);
        var rent = Known(customer, FirstLandlord + random.Next(landlords), PaymentKind.External);
        var rentAmount = Math.Round(customer.Income * random.Between(0.22, 0.36));
        var bills = new List<(Payee Payee, double Amount)>();
        for (var i = 0; i < 2 + random.Next(3); i++)
            bills.Add((Known(customer, FirstBiller + random.Next(14), PaymentKind.External), random.NextLogNormal(60, 0.5)));

        var regulars = new List<Regular>();
        for (var i = 0; i < 2 + random.Next(4); i++)
            regulars.Add(new Regular(Known(customer, FirstShop + random.Next(150), PaymentKind.External), random.Between(5, 14), random.NextLogNormal(32, 0.5), 0.5));
        for (var i = 0; i < 1 + random.Next(4); i++)
            regulars.Add(new Regular(Known(customer, Friend(customer), PaymentKind.Internal), random.Between(7, 25), random.NextLogNormal(28, 0.6), 0.8));

        foreach (var regular in regulars)
            PlanRegular(customer, regular, Math.Max(0, customer.JoinedMinute / MinutesPerDay));

        var billDay = 1 + random.Next(27);
        var firstDay = (int)Math.Max(0, Math.Ceiling(customer.JoinedMinute / MinutesPerDay));
        for (var day = firstDay; day < _options.Days; day++)
        {
            var dayOfMonth = _options.Start.AddDays(day).Day;
            if (dayOfMonth == customer.PayDay % 28 + 1)
                Plan(customer, Moment(customer, day), rent, rentAmount, fallback: 0.9);
            if (dayOfMonth == customer.PayDay % 28 + 2 && random.Chance(0.6))
                Plan(customer, Moment(customer, day), savings, share: random.Chance(0.06) ? random.Between(0.8, 1) : random.Between(0.03, 0.3));
            if (dayOfMonth == billDay)
            {
                // Bills are paid in one sitting.
                var minute = Moment(customer, day);
                var sitting = customer.Sit(minute);
                foreach (var (payee, amount) in bills)
                {
                    Plan(customer, minute, payee, amount * random.Between(0.85, 1.2), fallback: 0.5, sitting: sitting);
                    minute += random.NextExponential(2);
                }
            }
        }

        PlanStrangers(customer, firstDay);
    }

    /// <summary>People and firms paid for the first time: most at once after adding them, some kept for later, a few for large sums.</summary>
    private void PlanStrangers(Customer customer, int firstDay)
    {
        var random = customer.Random;
        for (double day = firstDay + random.NextExponential(customer.StrangerEveryDays); day < _options.Days - 1; day += random.NextExponential(customer.StrangerEveryDays))
        {
            var minute = Moment(customer, (int)day);
            var wait = random.Chance(0.7) ? random.Between(0.5, 25) : random.NextExponential(2 * MinutesPerDay);
            var kind = random.Chance(0.3) ? PaymentKind.Internal : PaymentKind.External;
            var counterparty = kind == PaymentKind.Internal
                ? random.Next(_options.Customers)
                : random.Chance(0.6) ? FirstShop + random.Next(400) : _people++;
            if (counterparty == customer.Id)
                continue;

            var payee = new Payee(counterparty, kind, minute - wait, 0);
            var kindOfSum = random.NextDouble();
            var amount = kindOfSum < 0.04 ? random.NextLogNormal(1400, 0.6) : kindOfSum < 0.15 ? random.NextLogNormal(350, 0.6) : random.NextLogNormal(55, 0.9);
            Plan(customer, minute, payee, amount, fallback: random.Between(0.1, 0.6));
            // A few pay in two parts; some come back.
            if (random.Chance(0.08))
                Plan(customer, minute + random.Between(2, 90), payee, amount * random.Between(0.2, 1), fallback: 0.3);
            if (random.Chance(0.35))
                PlanRegular(customer, new Regular(payee, random.Between(6, 30), Math.Min(amount, 150), 0.5), day + 1);
        }
    }

    private void PlanRegular(Customer customer, Regular regular, double firstDay)
    {
        var random = customer.Random;
        for (var day = firstDay + random.NextExponential(regular.EveryDays); day < _options.Days - 1; day += 0.3 + random.NextExponential(regular.EveryDays))
        {
            var minute = Moment(customer, (int)day);
            if (minute >= regular.Payee.AddedMinute)
                Plan(customer, minute, regular.Payee, regular.Amount * Math.Exp(regular.Spread * random.NextNormal()), fallback: random.Between(0.2, 0.95));
        }
    }

    private void PlanFrauds(DeterministicRandom random)
    {
        var months = (_options.Days - _options.WarmUpDays) / 30.0;
        var perScenario = Math.Max(1, (int)Math.Round(_options.EpisodesPerThousandCustomerMonths * _options.Customers / 1000 * months));
        for (var i = 0; i < perScenario; i++)
            PlanTakeover(random);
        for (var i = 0; i < Math.Max(1, perScenario / 5); i++)
            PlanMule(random);
        for (var i = 0; i < Math.Max(1, perScenario / 6); i++)
            PlanBurst(random);
        for (var i = 0; i < perScenario; i++)
            PlanCoercion(random);
    }

    private void PlanTakeover(DeterministicRandom random)
    {
        var (victim, minute) = Strike(random, random.Between(0, MinutesPerDay));
        if (random.Chance(0.8))
        {
            for (var i = 0; i < 1 + random.Next(2); i++)
                victim.ChangeCredential(minute - random.Between(1, 90));
        }

        var payee = new Payee(Mule(random), random.Chance(0.2) ? PaymentKind.Internal : PaymentKind.External, minute - random.Between(0.5, 15), 0);
        var sitting = new Sitting(minute - random.Between(1, 12), DeviceSince: minute - random.Between(1, 60));
        _episodes++;
        for (var i = 0; i < 1 + random.Next(3); i++)
        {
            Plan(victim, minute, payee, share: random.Between(0.55, 0.97), sitting: sitting, scenario: FraudScenario.AccountTakeover);
            minute += random.Between(0.5, 12);
        }
    }

    private void PlanMule(DeterministicRandom random)
    {
        var mule = _mules++;
        var start = random.Between(_options.WarmUpDays, _options.Days - 4) * MinutesPerDay;
        var days = random.Between(1, 3.5);
        var kind = random.Chance(0.4) ? PaymentKind.Internal : PaymentKind.External;
        _episodes++;
        for (var i = 0; i < 6 + random.Next(12); i++)
        {
            var victim = _customers[random.Next(_customers.Length)];
            var day = (int)(start / MinutesPerDay + random.Between(0, days));
            var minute = day * MinutesPerDay + random.Between(9, 20) * 60;
            var payee = new Payee(mule, kind, minute - random.Between(1, 60), 0);
            Plan(victim, minute, payee, random.NextLogNormal(420, 0.6), sitting: victim.Sit(minute, random.NextLogNormal(7, 0.6)), scenario: FraudScenario.MulePayee);
        }
    }

    private void PlanBurst(DeterministicRandom random)
    {
        var (victim, minute) = Strike(random, random.Between(0, MinutesPerDay));
        var sitting = random.Chance(0.5)
            ? new Sitting(minute - random.Between(1, 6), DeviceSince: minute - random.Between(1, 30))
            : victim.Sit(minute, random.Between(1, 10));
        var payees = new List<Payee>();
        for (var i = 0; i < 1 + random.Next(3); i++)
            payees.Add(new Payee(Mule(random), PaymentKind.External, minute - random.Between(0.5, 10), 0));
        _episodes++;
        for (var i = 0; i < 8 + random.Next(14); i++)
        {
            Plan(victim, minute, payees[random.Next(payees.Count)], random.NextLogNormal(25, 0.5), sitting: sitting, scenario: FraudScenario.PaymentBurst);
            minute += random.Between(0.2, 2.5);
        }
    }

    private void PlanCoercion(DeterministicRandom random)
    {
        var (victim, minute) = Strike(random, random.Between(9.5, 19) * 60);
        var payee = new Payee(Mule(random), random.Chance(0.25) ? PaymentKind.Internal : PaymentKind.External, minute - random.Between(2, 45), 0);
        _episodes++;
        Plan(victim, minute, payee, share: random.Between(0.45, 0.95), sitting: victim.Sit(minute, random.Between(4, 40)), scenario: FraudScenario.CoercedPayment);
    }

    private (Customer Victim, double Minute) Strike(DeterministicRandom random, double minuteOfDay)
    {
        var victim = _customers[random.Next(_customers.Length)];
        // Local time of day; a customer who has not joined yet has nothing to steal.
        var day = _options.WarmUpDays + random.Next(_options.Days - _options.WarmUpDays - 1);
        var minute = Math.Max(day * MinutesPerDay + minuteOfDay, victim.JoinedMinute + 3 * MinutesPerDay) - _options.UtcOffset.TotalMinutes;
        return (victim, minute);
    }

    /// <summary>Some collecting accounts are used again.</summary>
    private int Mule(DeterministicRandom random) => _mules > FirstMule && random.Chance(0.3) ? FirstMule + random.Next(_mules - FirstMule) : _mules++;

    private int Friend(Customer customer)
    {
        var id = customer.Random.Next(_options.Customers);
        return id == customer.Id ? (id + 1) % _options.Customers : id;
    }

    private static Payee Known(Customer customer, int counterparty, PaymentKind kind)
    {
        var random = customer.Random;
        // Relationships that are older than the account were added soon after it was opened.
        var tenure = Math.Max(0, -customer.JoinedMinute);
        var age = tenure * random.NextDouble();
        return new Payee(counterparty, kind, -age, (int)(age / MinutesPerDay / 30 * random.Between(0.5, 2)));
    }

    private double Moment(Customer customer, int day)
    {
        var hour = customer.Random.Chance(0.06) ? customer.Random.Between(0, 24) : customer.UsualHour + 3 * customer.Random.NextNormal();
        hour -= 24 * Math.Floor(hour / 24);
        return day * MinutesPerDay + hour * 60 - _options.UtcOffset.TotalMinutes;
    }

    private void Plan(
        Customer customer, double minute, Payee payee, double amount = 0, double share = 0, double fallback = 0.5, Sitting? sitting = null, FraudScenario scenario = FraudScenario.None)
    {
        if (minute < Math.Max(0, customer.JoinedMinute) || minute >= _options.Days * MinutesPerDay)
            return;

        var sits = sitting ?? customer.Sit(minute);
        _intents.Add(new Intent(
            minute, 0, customer.Id, payee, amount, share, fallback,
            Math.Max(0, minute - sits.Since),
            Math.Max(0, minute - sits.DeviceSince) / MinutesPerDay,
            customer.Random.Chance(0.3),
            scenario,
            scenario == FraudScenario.None ? 0 : _episodes));
    }

    /// <summary>A signed-in session on a device.</summary>
    private readonly record struct Sitting(double Since, double DeviceSince);

    private readonly record struct Regular(Payee Payee, double EveryDays, double Amount, double Spread);

    private readonly record struct Intent(
        double Minute, int Order, int Customer, Payee Payee, double Amount, double Share, double Fallback,
        double SessionMinutes, double DeviceAgeDays, bool Assistant, FraudScenario Scenario, int Episode);

    private sealed class Payee(int counterparty, PaymentKind kind, double addedMinute, int paid)
    {
        public int Counterparty { get; } = counterparty;

        public PaymentKind Kind { get; } = kind;

        public double AddedMinute { get; } = addedMinute;

        public int Paid { get; set; } = paid;
    }

    /// <summary>One customer's circumstances. Minutes count from the start of the simulation.</summary>
    private sealed class Customer
    {
        private readonly DateTimeOffset _start;
        private readonly List<double> _devices = [];
        private readonly List<double> _credentialChanges = [];
        private readonly bool _forgetfulBrowser;
        private readonly double _cardSpending;
        private int _day;

        public Customer(int id, SimulationOptions options, DeterministicRandom random)
        {
            Id = id;
            Random = random;
            _start = options.Start;
            Income = random.NextLogNormal(2400, 0.45);
            Balance = Income * random.Between(0.05, 1.2) + (random.Chance(0.25) ? Income * random.NextLogNormal(2, 0.8) : 0);
            // Some save, some live from payday to payday.
            _cardSpending = random.Between(0.25, 0.6);
            PayDay = 1 + random.Next(28);
            UsualHour = random.Chance(0.05) ? random.Between(0, 5) : random.Between(10, 20);
            StrangerEveryDays = random.NextLogNormal(18, 0.5);
            // One in ten joins while we watch; the others have been here for up to eight years.
            var joinedDay = random.Chance(0.1) ? random.Between(0, options.Days) : -random.Between(30, 3000);
            JoinedMinute = joinedDay * MinutesPerDay;
            _forgetfulBrowser = random.Chance(0.15);
            _devices.Add(Math.Max(JoinedMinute, -random.Between(5, 900) * MinutesPerDay));
            for (var day = random.NextExponential(220); day < options.Days; day += random.NextExponential(220))
            {
                _devices.Add(Math.Max(JoinedMinute, day * MinutesPerDay));
                if (random.Chance(0.4))
                    _credentialChanges.Add(day * MinutesPerDay + random.Between(1, 30));
            }

            for (var day = random.NextExponential(120); day < options.Days; day += random.NextExponential(120))
                _credentialChanges.Add(day * MinutesPerDay);
            if (joinedDay >= 0)
            {
                for (var i = 0; i < 1 + random.Next(3); i++)
                    _credentialChanges.Add(JoinedMinute + random.NextExponential(300));
            }
        }

        public int Id { get; }

        public DeterministicRandom Random { get; }

        public double Income { get; }

        public int PayDay { get; }

        public double UsualHour { get; }

        public double StrangerEveryDays { get; }

        public double JoinedMinute { get; }

        public double Balance { get; set; }

        public double Savings { get; set; }

        public void ChangeCredential(double minute) => _credentialChanges.Add(minute);

        public int CredentialChangesBefore(double minute)
            => _credentialChanges.Count(change => change <= minute && change > minute - 7 * MinutesPerDay);

        /// <summary>A session around this minute on the device the customer then uses.</summary>
        public Sitting Sit(double minute, double? sessionMinutes = null)
        {
            var since = minute - (sessionMinutes ?? Random.NextLogNormal(3, 0.8));
            if (_forgetfulBrowser ? Random.Chance(0.75) : Random.Chance(0.015))
                return new Sitting(since, since);

            var device = _devices[0];
            foreach (var candidate in _devices)
            {
                if (candidate <= minute && candidate > device)
                    device = candidate;
            }

            return new Sitting(since, device);
        }

        /// <summary>Salary, card spending and savings drawn on, day by day; none of them is a payment that is scored.</summary>
        public void AdvanceTo(double minute)
        {
            for (var day = (int)(minute / MinutesPerDay); _day <= day; _day++)
            {
                if (_day * MinutesPerDay < JoinedMinute)
                    continue;
                if (_start.AddDays(_day).Day == PayDay)
                    Balance += Income;
                Balance = Math.Max(0, Balance - Random.NextExponential(Income * _cardSpending / 30));
                if (Balance < Income * 0.02 && Savings > 0)
                {
                    Balance += Savings * 0.5;
                    Savings *= 0.5;
                }
            }
        }
    }
}
