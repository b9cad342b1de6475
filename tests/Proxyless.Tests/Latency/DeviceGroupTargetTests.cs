using Proxyless.Architectures;
using Proxyless.Latency;
using Proxyless.Tests.Data;
using Xunit;

namespace Proxyless.Tests.Latency;

public sealed class DeviceGroupTargetTests : IDisposable
{
    private static readonly SearchSpace Space = SearchSpacePresets.ByName("tiny");
    private readonly TemporaryFolder _folder = new();

    private string Partial => Path.Combine(_folder.Root, "table.partial");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Devices_divide_a_profile_and_make_the_table_of_the_first_alone()
    {
        TimerOfFunction[] devices = Devices(1, 1.08, 0.93);
        LatencyTable alone = Profile([devices[0]]);
        LatencyTable divided = Profile(devices);
        Assert.Equal(alone.Entries.Keys, divided.Entries.Keys);
        Assert.All(
            alone.Entries,
            entry => Assert.Equal(entry.Value.Milliseconds, divided.Entries[entry.Key].Milliseconds, 1e-9)
        );
        Assert.Equal(alone.Reference.Milliseconds, divided.Reference.Milliseconds);

        // Three networks on each device, and the reference: whoever measures a part needs it.
        Assert.All(devices.Skip(1), device => Assert.InRange(device.Measured, 3, int.MaxValue));
        Assert.Equal(
            "3 equal devices: board 1, by a function; board 2, by a function; board 3, by a function",
            divided.TargetId
        );
    }

    [Fact]
    public void Each_device_measures_at_the_same_time_as_the_others()
    {
        // Each measurement ends when all three devices are at one.
        using var together = new Barrier(3);
        int meetings = 0;
        DividedWork.Run(
            Devices(1, 1, 1),
            3,
            (_, _, stop) =>
            {
                Assert.True(together.SignalAndWait(TimeSpan.FromMinutes(2), stop));
                Interlocked.Increment(ref meetings);
            },
            Cancellation
        );
        Assert.Equal(3, meetings);
    }

    [Theory]
    [InlineData(1.2, "'board 2' takes 1.20 times as long as 'board 1'")]
    [InlineData(0.8, "'board 2' takes 0.80 times as long as 'board 1'")]
    [InlineData(1.103, "'board 2' takes 1.10 times as long as 'board 1'")]
    public void A_device_of_another_speed_is_refused_by_its_name(double speed, string said)
    {
        string message = Assert.Throws<InvalidInputException>(() => Profile(Devices(1, speed))).Message;
        Assert.Contains(said, message, StringComparison.Ordinal);
        Assert.Contains("10 %", message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_device_that_is_slower_only_for_large_networks_is_refused()
    {
        // As one with too little memory, or that slows down when it is hot.
        TimerOfFunction[] devices =
        [
            Device("board 1", 1),
            new("board 2", (model, _) => Bytes(model) * (model.Length > 40_000 ? 1.3 : 1)),
        ];
        Assert.Throws<InvalidInputException>(() => Profile(devices));
    }

    [Fact]
    public void One_device_under_two_names_is_refused() =>
        Assert.Contains(
            "are one device",
            Assert.Throws<InvalidInputException>(() => Profile([Device("board", 1), Device("board", 1)])).Message,
            StringComparison.Ordinal
        );

    [Fact]
    public void A_device_that_fails_ends_the_profile_which_goes_on_where_it_was()
    {
        // The first device stands still, after as many measurements, until the other has failed.
        int first = 0;
        int second = 0;
        using var failed = new ManualResetEventSlim();
        double First(byte[] model, CancellationToken stop)
        {
            if (++first > 20)
            {
                Assert.True(failed.Wait(TimeSpan.FromMinutes(2), CancellationToken.None));
                stop.ThrowIfCancellationRequested();
            }

            return Bytes(model);
        }

        double Second(byte[] model, CancellationToken stop)
        {
            if (++second > 20)
            {
                failed.Set();
                throw new TargetUnavailableException("board 2 is off");
            }

            return Bytes(model);
        }

        TimerOfFunction[] failing = [new("board 1", First), new("board 2", Second)];
        Assert.Equal("board 2 is off", Assert.Throws<TargetUnavailableException>(() => Profile(failing)).Message);
        Assert.True(File.Exists(Partial));
        TimerOfFunction[] mended = Devices(1, 1);
        LatencyTable continued = Profile(mended);
        LatencyTable whole = Profile(Devices(1, 1));
        Assert.Equal(whole.Entries, continued.Entries);

        // Three networks on each to compare them, as in any profile.
        int parts = (3 * whole.Entries.Count) + 10;
        const int Compared = 6;
        int references = 2 + (parts / 8);
        Assert.InRange(mended.Sum(device => device.Measured), Compared, Compared + references + parts - 15);
    }

    [Fact]
    public void A_file_names_its_devices_beside_it_or_by_a_name_and_integers_are_timed_on_all_of_them()
    {
        _folder.Add("a.yaml", Program("a"));
        _folder.Add("b.yaml", Program("b"));
        string file = _folder.Add("boards.yaml", "kind: devices\ndevices: [a.yaml, b.yaml]\n"u8.ToArray());
        using ITarget target = TargetFile.Open(file + "+int8");
        var group = Assert.IsType<DeviceGroupTarget>(target);
        Assert.True(group.TimesIntegers);
        Assert.All(group.Devices, device => Assert.True(device.TimesIntegers));
        Assert.EndsWith("boards.yaml+int8", group.Name, StringComparison.Ordinal);
        LatencyTable table = group.Profile(Space, 10, ProfileMode.Quick, null, NullRunObserver.Instance, Cancellation);
        Assert.Equal(SpaceParts.Keys(Space, 10), table.Entries.Keys);
    }

    [Theory]
    [InlineData("devices: [a.yaml]", "at least two targets")]
    [InlineData("devices: [a.yaml, none.yaml]", "none.yaml': there is no such file, nor a target of that name")]
    [InlineData("devices: [a.yaml, cpu]", "cpu': there is no such file, nor a target of that name")]
    [InlineData("devices: [a.yaml, boards.yaml]", "of kind 'devices'; a device is of kind agent or command")]
    [InlineData("devices: [a.yaml, two.yaml]", "with batches of 2")]
    [InlineData("devices: [a.yaml, b.yaml]\ndifference: 0", "'difference' is '0'; allowed are")]
    public void A_file_that_names_no_group_is_refused(string text, string said)
    {
        _folder.Add("a.yaml", Program("a"));
        _folder.Add("b.yaml", Program("b"));
        _folder.Add("two.yaml", [.. Program("two"), .. "batch: 2\n"u8]);
        string file = _folder.Add("boards.yaml", System.Text.Encoding.UTF8.GetBytes($"kind: devices\n{text}\n"));
        Assert.Contains(
            said,
            Assert.Throws<InvalidInputException>(() => TargetFile.Open(file)).Message,
            StringComparison.Ordinal
        );
    }

    private static byte[] Program(string device) =>
        [.. SizeTarget.File, .. System.Text.Encoding.UTF8.GetBytes($"device: {device}\n")];

    private static TimerOfFunction[] Devices(params double[] speeds) =>
        [.. speeds.Select((speed, i) => Device($"board {i + 1}", speed))];

    private static TimerOfFunction Device(string name, double speed) => new(name, (model, _) => speed * Bytes(model));

    private static double Bytes(byte[] model) => model.Length / 10_000.0;

    private LatencyTable Profile(IReadOnlyList<TimerOfFunction> devices)
    {
        using var target = new DeviceGroupTarget("boards", devices, DeviceGroupTarget.UsualMostDifference);
        LatencyTable table = target.Profile(
            Space,
            10,
            ProfileMode.Quick,
            Partial,
            NullRunObserver.Instance,
            Cancellation
        );

        // As the cache does, once the table is stored.
        File.Delete(Partial);
        return table;
    }
}
