using Proxyless.Architectures;
using Proxyless.Files;
using Proxyless.Runs;
using Proxyless.Tests.Cli;
using Proxyless.Tests.Data;
using Proxyless.Training;
using Xunit;

namespace Proxyless.Tests.Runs;

/// <summary>
/// A run that takes the place of another: whenever its job dies, a resume finds one of the two, whole.
/// </summary>
[Collection(nameof(WholeRuns))]
public sealed class ReplacedRunTests(FinishedRun run) : IClassFixture<FinishedRun>, IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_job_that_dies_while_it_removes_the_run_before_is_gone_on_with_as_it_was_told()
    {
        RunDirectory directory = new(_folder.Copy(run.Options.Out!, "run"));
        RunOptions begun = RunConfigFile
            .Read(directory.Config)
            .WithTraining(training => training with { Epochs = 2 }) with
        {
            Out = directory.Root,
            Seed = 6,
        };
        Assert.Throws<IOException>(() => directory.Begin(begun, () => throw new IOException("killed")));
        Assert.True(directory.IsBeginning);

        Assert.Equal(0, CommandLineRun.Of("run", "--resume", "--out", directory.Root).ExitCode);
        Assert.False(directory.IsBeginning);
        RunOptions options = RunConfigFile.Read(directory.Config);
        Assert.Equal((6, 2), (options.Seed, options.Training.Epochs));
        Assert.Equal(2, JsonLines.Read<TrainingCurvePoint>(directory.TrainingLog).Count);
        Assert.Empty(Directory.EnumerateFiles(directory.Root, "config.new*"));
    }

    [Fact]
    public void A_job_that_dies_while_it_removes_the_training_before_keeps_the_search()
    {
        RunDirectory directory = new(_folder.Copy(run.Options.Out!, "run"));
        byte[] search = File.ReadAllBytes(directory.SearchCheckpoint);
        RunOptions begun = RunConfigFile
            .Read(directory.Config)
            .WithTraining(training => training with { Epochs = 2 }) with
        {
            Out = directory.Root,
        };
        RunConfigFile.Write(Path.Combine(directory.Root, "config.new-training.yaml"), begun);
        CommandLineRun resumed = CommandLineRun.Of("train", "--resume", "--arch", directory.Root);
        Assert.True(resumed.ExitCode == 0, resumed.Error);
        Assert.Equal(2, RunConfigFile.Read(directory.Config).Training.Epochs);
        Assert.Equal(2, JsonLines.Read<TrainingCurvePoint>(directory.TrainingLog).Count);
        Assert.Equal(search, File.ReadAllBytes(directory.SearchCheckpoint));
        Assert.False(directory.IsBeginning);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_job_that_dies_before_it_has_written_the_network_to_train_is_gone_on_with(bool replaces)
    {
        RunDirectory directory = replaces
            ? new(_folder.Copy(run.Options.Out!, "run"))
            : new(Path.Combine(_folder.Root, "run"));
        RunOptions options = RunConfigFile.Read(run.Directory.Config) with { Out = directory.Root };
        directory.Begin(options, () => { });
        Assert.False(File.Exists(directory.Architecture));

        TrainResult trained = ProxylessRun.Train(
            new RunOptions { Out = directory.Root, Resume = true },
            run.Directory.Architecture,
            NullRunObserver.Instance,
            Cancellation
        );
        Assert.True(File.Exists(trained.Model));
        Assert.Equal(
            ArchitectureFile.Read(run.Directory.Architecture).Blocks,
            ArchitectureFile.Read(directory.Architecture).Blocks
        );
    }

    [Fact]
    public void A_derivation_that_fails_leaves_no_folder_and_one_that_is_there_as_it_was()
    {
        string derived = Path.Combine(_folder.Root, "derived");
        RunOptions options = RunConfigFile.Read(run.Directory.Config) with { Out = derived };
        RunOptions impossible = options with { Target = options.Target with { LatencyMs = 1e-6 } };
        Assert.Throws<LimitNotMetException>(() => Derive(impossible));
        Assert.False(Directory.Exists(derived));

        Derive(options);
        byte[] architecture = File.ReadAllBytes(new RunDirectory(derived).Architecture);
        Assert.Throws<LimitNotMetException>(() => Derive(impossible with { Overwrite = true }));
        Assert.Equal(architecture, File.ReadAllBytes(new RunDirectory(derived).Architecture));
    }

    [Fact]
    public void A_derivation_does_not_replace_the_search_that_it_derives_from()
    {
        string front = _folder.Copy(run.Options.Out!, "front");
        RunDirectory searched = new(_folder.Copy(run.Options.Out!, Path.Combine("front", "5ms")));
        RunDirectory[] searches = [new(front), searched];
        byte[][] before = [.. searches.Select(search => File.ReadAllBytes(search.SearchCheckpoint))];
        RunOptions options = RunConfigFile
            .Read(searched.Config)
            .WithTarget(target => target with { LatencyMs = 4, AlsoFor = $"{target.Name}=5" })
            .WithSearch(search => search with { Evaluations = 0 }) with
        {
            Out = front,
            Overwrite = true,
        };
        InvalidInputException refused = Assert.Throws<InvalidInputException>(() =>
            ProxylessRun.DeriveAll(searched.Root, options, NullRunObserver.Instance, Cancellation)
        );
        Assert.Contains(
            $"'{searched.Root}' is the folder of one of the limits",
            refused.Message,
            StringComparison.Ordinal
        );
        Assert.Equal(before, searches.Select(search => File.ReadAllBytes(search.SearchCheckpoint)));

        // Beside the folders of the limits it stays.
        ProxylessRun.Derive(
            searched.Root,
            options.WithTarget(target => target with { AlsoFor = null }),
            NullRunObserver.Instance,
            Cancellation
        );
        Assert.Equal(before, searches.Select(search => File.ReadAllBytes(search.SearchCheckpoint)));
    }

    [Fact]
    public void A_run_that_knows_its_images_by_names_alone_goes_on_and_is_judged_as_before()
    {
        RunDirectory directory = new(_folder.Copy(run.Options.Out!, "run"));
        RunPlan plan = RunPlan.Read(directory);
        var context = RunContext.Open(RunConfigFile.Read(directory.Config), NullRunObserver.Instance, Cancellation);
        string old = Proxyless.Data.DatasetFingerprint.OfNames(
            context.Images.Classes,
            [
                context.Images.Weights,
                context.Images.Architecture,
                context.Images.Training,
                context.Images.Validation,
                context.Images.Test,
            ]
        );
        (plan with { DataFingerprint = old }).Write(directory);
        RunResult again = Resume(directory);
        Assert.Equal(run.Result.Top1, again.Top1);
        Assert.Equal(plan.DataFingerprint, RunPlan.Read(directory).DataFingerprint);

        // A model of that time: the images that it has not seen are found.
        var trained = ModelImages.Of(context) with
        {
            Fingerprint = old,
        };
        Assert.Equal(
            FinishedRun.TestImages,
            trained
                .UnseenOf(
                    RunContext.DatasetOptionsOf(context.Options),
                    context.Images.Classes,
                    [],
                    NullRunObserver.Instance,
                    Cancellation
                )
                .Count
        );

        (plan with { DataFingerprint = old[1..] + "0" }).Write(directory);
        Assert.Throws<InvalidInputException>(() => Resume(directory));
    }

    private SearchResult Derive(RunOptions options) =>
        ProxylessRun.Derive(run.Options.Out!, options, NullRunObserver.Instance, Cancellation);

    private static RunResult Resume(RunDirectory directory) =>
        ProxylessRun.Run(
            new RunOptions { Out = directory.Root, Resume = true },
            NullRunObserver.Instance,
            Cancellation
        );
}
