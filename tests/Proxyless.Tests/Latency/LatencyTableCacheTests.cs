using System.Text.RegularExpressions;
using Proxyless.Architectures;
using Proxyless.Latency;
using Proxyless.Tests.Data;
using Xunit;

namespace Proxyless.Tests.Latency;

public sealed class LatencyTableCacheTests : IDisposable
{
    private static readonly LocalTarget Target = new();
    private readonly string _folder = Directory.CreateTempSubdirectory("proxyless-tests-").FullName;
    private readonly LatencyTableCache _cache;

    public LatencyTableCacheTests() => _cache = new LatencyTableCache(_folder);

    [Fact]
    public void A_stored_table_is_used_instead_of_a_new_profile()
    {
        _cache.Store(SmallSpace.Space, SmallSpace.Classes, Target, SmallSpace.Table());
        LatencyTable table = _cache.GetOrProfile(
            SmallSpace.Space,
            SmallSpace.Classes,
            Target,
            ProfileMode.Quick,
            NullRunObserver.Instance,
            TestContext.Current.CancellationToken
        );
        Assert.Equal(SmallSpace.Table().Created, table.Created);
    }

    [Fact]
    public void A_thorough_table_serves_a_quick_request_but_not_the_reverse()
    {
        _cache.Store(SmallSpace.Space, SmallSpace.Classes, Target, SmallSpace.Table(ProfileMode.Quick));
        Assert.Null(Find(SmallSpace.Space, mode: ProfileMode.Thorough));
        _cache.Store(SmallSpace.Space, SmallSpace.Classes, Target, SmallSpace.Table(ProfileMode.Thorough));
        Assert.Equal(ProfileMode.Thorough, Find(SmallSpace.Space)!.Mode);
    }

    [Fact]
    public void Another_space_number_of_classes_or_target_finds_nothing()
    {
        _cache.Store(SmallSpace.Space, SmallSpace.Classes, Target, SmallSpace.Table());
        Assert.Null(Find(SmallSpace.Space.WithInput(32, 3)));
        Assert.Null(Find(SmallSpace.Space with { Activation = Activation.Relu }));
        Assert.Null(Find(SmallSpace.Space, SmallSpace.Classes + 1));
        Assert.Null(Find(SmallSpace.Space, target: new LocalTarget(1, 8)));
        Assert.NotNull(Find(SmallSpace.Space));
    }

    [Fact]
    public void The_same_space_by_another_name_finds_the_table_under_its_own_name()
    {
        _cache.Store(SmallSpace.Space, SmallSpace.Classes, Target, SmallSpace.Table());
        Assert.Equal("renamed", Find(SmallSpace.Space with { Name = "renamed" })!.Space);
    }

    [Fact]
    public void The_same_machine_by_another_file_finds_the_table_under_its_own_name()
    {
        _cache.Store(SmallSpace.Space, SmallSpace.Classes, Target, SmallSpace.Table() with { Target = "other.yaml" });
        Assert.Equal(Target.Name, Find(SmallSpace.Space)!.Target);
    }

    [Fact]
    public void A_damaged_table_counts_as_missing()
    {
        _cache.Store(SmallSpace.Space, SmallSpace.Classes, Target, SmallSpace.Table());
        File.WriteAllText(Directory.GetFiles(_folder).Single(), "{");
        Assert.Null(Find(SmallSpace.Space));
    }

    [Fact]
    public void A_disturbed_table_is_not_used_again_in_silence()
    {
        _cache.Store(SmallSpace.Space, SmallSpace.Classes, Target, SmallSpace.Table() with { Disturbance = 0.25 });
        for (int i = 1; i <= 2; i++)
        {
            Assert.Contains("disturbed", Assert.Single(WarningsOfReuse(Target)), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_disturbed_table_that_is_a_target_of_its_own_is_not_used_in_silence()
    {
        string file = Path.Combine(_folder, "latency.json");
        LatencyTableFile.Write(file, SmallSpace.Table() with { Disturbance = 0.25 });
        var observer = new RecordingObserver();
        _cache.GetOrProfile(
            SmallSpace.Space,
            SmallSpace.Classes,
            new TableTarget("box", file, 1),
            ProfileMode.Quick,
            observer,
            TestContext.Current.CancellationToken
        );
        Assert.Contains("disturbed", Assert.Single(observer.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public void A_table_that_predicts_badly_is_not_used_again_in_silence()
    {
        LatencyTable table = SmallSpace.Table();
        table = table with { Calibration = table.Calibration with { MeanAbsoluteError = 0.08 } };
        _cache.Store(SmallSpace.Space, SmallSpace.Classes, Target, table);
        Assert.Contains("off by", Assert.Single(WarningsOfReuse(Target)), StringComparison.Ordinal);
    }

    [Fact]
    public void A_table_of_a_machine_at_rest_is_used_without_a_warning()
    {
        _cache.Store(SmallSpace.Space, SmallSpace.Classes, Target, SmallSpace.Table() with { Disturbance = 0.02 });
        Assert.Empty(WarningsOfReuse(Target));
    }

    [Fact]
    public void Another_device_behind_the_same_command_does_not_get_the_first_ones_table()
    {
        var pattern = new Regex("([0-9]+)");
        var command = new CommandTarget
        {
            Name = "phone",
            Command = ["adb", "{model}"],
            Pattern = pattern,
        };
        CommandTarget first = command with { Device = "Pixel 1" };
        _cache.Store(SmallSpace.Space, SmallSpace.Classes, first, SmallSpace.Table());
        Assert.Empty(WarningsOfReuse(first));
        Assert.Null(Find(SmallSpace.Space, target: command with { Device = "Pixel 2" }));

        // Who names no device is told what the table is of.
        Assert.Null(Find(SmallSpace.Space, target: command));
        _cache.Store(SmallSpace.Space, SmallSpace.Classes, command, SmallSpace.Table());
        Assert.Contains("'device'", Assert.Single(WarningsOfReuse(command)), StringComparison.Ordinal);
    }

    [Fact]
    public void A_table_by_which_slower_parts_make_faster_networks_counts_as_missing()
    {
        LatencyTable table = SmallSpace.Table();
        table = table with { Calibration = table.Calibration with { Scale = -0.5 } };
        _cache.Store(SmallSpace.Space, SmallSpace.Classes, Target, table);
        Assert.Null(Find(SmallSpace.Space));
    }

    [Fact]
    public void A_profile_whose_table_cannot_be_stored_is_not_lost()
    {
        var device = new TimerOfFunction("board", (model, _) => model.Length / 10_000.0);
        using var target = new DeviceGroupTarget("boards", [device], DeviceGroupTarget.UsualMostDifference);
        LatencyTable Profile() =>
            _cache.Profile(
                SmallSpace.Space,
                SmallSpace.Classes,
                target,
                ProfileMode.Quick,
                NullRunObserver.Instance,
                TestContext.Current.CancellationToken
            );
        string table = _cache.PathOf(SmallSpace.Space, SmallSpace.Classes, target, ProfileMode.Quick);
        Directory.CreateDirectory(table);
        Assert.NotEmpty(Profile().Entries);
        Assert.True(File.Exists(table + ".partial"));

        // Only that the devices are equally fast is measured anew, by three networks.
        int before = device.Measured;
        Directory.Delete(table);
        Profile();
        Assert.Equal(3, device.Measured - before);
        Assert.NotNull(Find(SmallSpace.Space, target: target));
        Assert.False(File.Exists(table + ".partial"));
    }

    [Fact]
    public void What_was_measured_is_not_lost_with_a_cache_that_cannot_be_written()
    {
        // A file in the place of the folder.
        string file = Path.Combine(_folder, "file");
        File.WriteAllText(file, "");
        var observer = new RecordingObserver();
        using var timer = new TimerOfFunction("board", (onnx, _) => onnx.Length / 1e6);
        LatencyTable table = new LatencyTableCache(file).Profile(
            SmallSpace.Space,
            SmallSpace.Classes,
            timer,
            ProfileMode.Quick,
            observer,
            TestContext.Current.CancellationToken
        );
        Assert.Equal(SpaceParts.Keys(SmallSpace.Space, SmallSpace.Classes), table.Entries.Keys);
        string[] warnings = [.. observer.Warnings.Where(text => text.Contains(file, StringComparison.Ordinal))];
        Assert.Equal(2, warnings.Length);
        Assert.Contains("the profile goes on", warnings[0], StringComparison.Ordinal);
        Assert.Contains("the latency table cannot be kept", warnings[1], StringComparison.Ordinal);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private List<string> WarningsOfReuse(ITarget target)
    {
        var observer = new RecordingObserver();
        LatencyTable table = _cache.GetOrProfile(
            SmallSpace.Space,
            SmallSpace.Classes,
            target,
            ProfileMode.Quick,
            observer,
            TestContext.Current.CancellationToken
        );
        Assert.Equal(SmallSpace.Table().Created, table.Created);
        return [.. observer.Warnings];
    }

    private LatencyTable? Find(
        SearchSpace space,
        int classes = SmallSpace.Classes,
        ITarget? target = null,
        ProfileMode mode = ProfileMode.Quick
    ) => _cache.Find(space, classes, target ?? Target, mode, NullRunObserver.Instance);
}
