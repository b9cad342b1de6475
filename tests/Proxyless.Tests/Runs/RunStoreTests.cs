using Proxyless.Runs;
using Proxyless.Tests.Data;
using Xunit;

namespace Proxyless.Tests.Runs;

/// <summary>The values of a run travel in memory; its files are for a resume.</summary>
[Collection(nameof(WholeRuns))]
public sealed class RunStoreTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private RunDirectory Folder => new(Path.Combine(_folder.Root, "run"));

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_run_does_not_read_back_what_it_has_written()
    {
        // Each file is damaged when a later stage begins.
        RunOptions options = FinishedRun.OptionsIn(_folder) with
        {
            Out = Folder.Root,
        };
        void Damage(params string[] files) =>
            Array.ForEach(files, file => File.WriteAllText(file, "damaged\ndamaged\n"));
        var observer = new ActingObserver(
            ("search:", () => Damage(Folder.Plan)),
            ("train:", () => Damage(Folder.Plan, Folder.Architecture, Folder.SearchResult, Folder.SearchLog)),
            ("export:", () => Damage(Folder.Plan))
        );
        RunResult result = ProxylessRun.Run(options, observer, Cancellation);
        Assert.Equal(3, observer.Done);
        Assert.True(File.Exists(result.Report));
        RunPlan plan = RunPlan.Read(Folder);
        Assert.NotNull(plan.Search);
        Assert.Equal(result.TrainSeconds, plan.TrainSeconds);
        Assert.True(plan is { TrainSteps: > 0, SearchSeconds: > 0, ExportSeconds: > 0, DataFingerprint: not null });
    }

    [Fact]
    public void A_training_in_the_stead_of_another_keeps_the_plan_of_the_search()
    {
        var options = new RunOptions();
        Directory.CreateDirectory(Folder.Root);
        RunConfigFile.Write(Folder.Config, options);
        var begun = new RunPlan
        {
            TrainSteps = 3,
            SearchSeconds = 4,
            TrainSeconds = 5,
            ExportSeconds = 6,
            DataFingerprint = "images",
        };
        begun.Write(Folder);
        var store = new RunStore(Folder);
        store.BeginTraining(options);
        Assert.Equal(begun with { TrainSteps = null, TrainSeconds = 0 }, store.Plan);
        Assert.Equal(store.Plan, RunPlan.Read(Folder));

        store.Begin(options, () => { });
        Assert.Equal(new RunPlan(), store.Plan);
        Assert.Equal(store.Plan, RunPlan.Read(Folder));
    }

    [Fact]
    public void A_copy_for_one_target_or_one_training_opens_nothing_again()
    {
        RunOptions options = FinishedRun.OptionsIn(_folder).WithTarget(target => target with { AlsoFor = "cpu:2=1" });
        var context = RunContext.Open(options, NullRunObserver.Instance, Cancellation);
        RunContext[] copies =
        [
            context.For(RunParts.Of(options)[0]),
            context.For(new RunPart("there-is-no-such-target", 2, "")),
            context.Reseeded(7, new RunClock(TimeProvider.System)),
        ];
        Assert.All(copies, copy => Assert.Same(context.Images, copy.Images));
        Assert.All(copies, copy => Assert.Same(context.Space, copy.Space));
        Assert.Equal(
            ((string, double?)[])
                [(options.Target.Name, null), ("there-is-no-such-target", 2), (options.Target.Name, null)],
            copies.Select(copy => (copy.Options.Target.Name, copy.Options.Target.LatencyMs))
        );
        Assert.Equal((5, 5, 7), (copies[0].TrainingSeed, copies[1].TrainingSeed, copies[2].TrainingSeed));
        Assert.Equal(7, copies[2].NetworkOptions.Seed);
    }

    private sealed class ActingObserver(params (string Message, Action Act)[] acts) : IRunObserver
    {
        public int Done { get; private set; }

        public void Progress(RunProgress progress) { }

        public void Message(string text)
        {
            foreach ((_, Action act) in acts.Where(act => text.StartsWith(act.Message, StringComparison.Ordinal)))
            {
                act();
                Done++;
            }
        }

        public void Warning(string text) { }
    }
}
