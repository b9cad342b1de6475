using Proxyless.Architectures;
using Proxyless.Latency;
using Proxyless.Runs;
using Proxyless.Tests.Data;
using Proxyless.Tests.Latency;
using Proxyless.Tests.Runs;
using Xunit;

namespace Proxyless.Tests.Cli;

/// <summary>
/// Several limits and targets on the command line, with what is made of a search later: what a message advises works.
/// </summary>
[Collection(nameof(WholeRuns))]
public sealed class SearchedLimitsTests(SearchedLimitsTests.TwoTargets search)
    : IClassFixture<SearchedLimitsTests.TwoTargets>
{
    [Fact]
    public void A_limit_is_derived_for_a_target_by_its_name()
    {
        string part = search.Parts[1];
        string limit = $"{search.Targets[1]}={search.Limit}";
        CommandLineRun derived = CommandLineRun.Of([
            "derive",
            "--run",
            part,
            "--latency",
            limit,
            "--quick",
            "--out",
            search.New(),
        ]);
        Assert.True(derived.ExitCode == 0, derived.Error);
    }

    [Theory]
    [InlineData("{limit}")]
    [InlineData("{target}={limit}")]
    public void The_folder_of_one_target_has_to_be_named_whatever_the_limit_says(string latency)
    {
        CommandLineRun refused = CommandLineRun.Of([
            "derive",
            "--run",
            search.Run,
            "--latency",
            latency
                .Replace("{limit}", search.Limit, StringComparison.Ordinal)
                .Replace("{target}", search.Targets[0], StringComparison.Ordinal),
            "--quick",
            "--out",
            search.New(),
        ]);
        Assert.Equal(2, refused.ExitCode);
        Assert.All(search.Parts, part => Assert.Contains(part, refused.Error, StringComparison.Ordinal));
    }

    [Fact]
    public void A_command_without_resume_does_not_advise_it()
    {
        string[] words = ["derive", "--run", search.Parts[0], "--latency", search.Limit, "--quick", "--out"];
        string first = search.New();
        CommandLineRun derived = CommandLineRun.Of([.. words, first]);
        Assert.True(derived.ExitCode == 0, derived.Error);
        CommandLineRun again = CommandLineRun.Of([.. words, first]);
        Assert.Equal(2, again.ExitCode);
        Assert.Contains("replace it with --overwrite", again.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("--resume", again.Error, StringComparison.Ordinal);

        // Something else is not replaced, so that is not advised either.
        string other = search.New();
        Directory.CreateDirectory(other);
        File.WriteAllText(Path.Combine(other, "notes.txt"), "mine");
        CommandLineRun refused = CommandLineRun.Of([.. words, other]);
        Assert.Equal(2, refused.ExitCode);
        Assert.Contains("choose another --out", refused.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("--overwrite", refused.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void The_configuration_of_a_run_for_several_limits_begins_another()
    {
        CommandLineRun again = CommandLineRun.Of([
            "run",
            "--config",
            new RunDirectory(search.Run).Config,
            "--train-epochs",
            "0.02",
            "--out",
            search.New(),
        ]);
        Assert.True(again.ExitCode == 0, again.Error);
    }

    [Fact]
    public void An_impossible_limit_names_its_target()
    {
        CommandLineRun refused = CommandLineRun.Of([
            .. TwoTargets.Words(search.Targets[0]),
            "--latency",
            "0.000001",
            "--out",
            search.New(),
        ]);
        Assert.Equal(2, refused.ExitCode);
        Assert.Contains($"is impossible on {search.Targets[0]}", refused.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_target_that_is_gone_is_named_as_a_file()
    {
        string gone = Path.Combine(search.New(), "board.yaml");
        CommandLineRun refused = CommandLineRun.Of([.. TwoTargets.Words(gone), "--out", search.New()]);
        Assert.Equal(2, refused.ExitCode);
        Assert.Contains($"'{gone}': there is no such file; restore it", refused.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_comparison_refuses_an_unknown_network_before_it_profiles()
    {
        CommandLineRun refused = CommandLineRun.Of([
            "compare",
            "--space",
            "tiny",
            "--data",
            "sample",
            "--target",
            "cpu",
            "--network",
            "nope",
            "--out",
            search.New(),
        ]);
        Assert.Equal(2, refused.ExitCode);
        Assert.Contains("'nope'", refused.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("latency table", refused.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("profile", refused.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--space, --search-epochs: nothing to decide", "--space", "tiny", "--search-epochs", "3")]
    [InlineData("--folds 100: ", "--folds", "100")]
    [InlineData("with --precision int8 every target", "--precision", "int8", "--latency", "cpu+int8=4")]
    public void What_a_run_with_weights_cannot_use_is_named_as_it_was_given(string said, params string[] given)
    {
        CommandLineRun refused = CommandLineRun.Of([
            "run",
            "--data",
            search.Photos,
            "--arch",
            search.Network,
            "--weights",
            search.Weights,
            "--out",
            search.New(),
            .. given,
        ]);
        Assert.Equal(2, refused.ExitCode);
        Assert.Contains(said, refused.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_key_in_two_spellings_is_refused_with_its_line()
    {
        string file = Path.Combine(Directory.CreateDirectory(search.New()).FullName, "two.yaml");
        File.WriteAllText(file, "batch-size: 16\nbatch_size: 32\n");
        CommandLineRun refused = CommandLineRun.Of(["run", "--config", file]);
        Assert.Equal(2, refused.ExitCode);
        Assert.Contains(
            "two.yaml, line 2: 'batch_size' is the same as 'batch-size' in line 1",
            refused.Error,
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData("cpu, 1 threads", "cpu, 1 threads, int8", true)]
    [InlineData("cpu, 1 threads", "cpu, 1 threads", false)]
    [InlineData("cpu, 1 threads", "cpu, 2 threads, int8", false)]
    [InlineData("2 equal devices: a, int8; b, int8", "2 equal devices: a; b", true)]
    public void Two_precisions_of_one_machine_are_no_other_machine(string id, string other, bool isOne) =>
        Assert.Equal(isOne, IntegerModels.DifferInPrecisionOnly(id, other));

    /// <summary>A search for two machines with the same fixed latencies, and weights that others trained.</summary>
    public sealed class TwoTargets : IDisposable
    {
        private readonly TemporaryFolder _folder = new();
        private int _folders;

        public TwoTargets()
        {
            SearchSpace space = SearchSpacePresets.ByName("tiny");
            string first = FixedTable.Write(_folder.Root, space, 8);
            string second = Path.Combine(_folder.Root, "second.yaml");
            File.Copy(first, second);
            Targets = [first, second];
            using var target = (TableTarget)TargetFile.Open(Targets[0]);
            Architecture middle = space.Architecture(new int[space.Depth], 8, "middle");
            Limit = FormattableString.Invariant($"{1.5 * target.Predict(middle, NullRunObserver.Instance):0.######}");
            Run = New();
            CommandLineRun searched = CommandLineRun.Of([
                .. Words(Targets[0]),
                "--target",
                Targets[1],
                "--latency",
                $"{Targets[0]}={Limit}",
                "--latency",
                $"{Targets[1]}={Limit}",
                "--out",
                Run,
            ]);
            Assert.True(searched.ExitCode == 0, searched.Error);
            Parts =
            [
                .. Directory
                    .GetDirectories(Run)
                    .Where(folder => File.Exists(new RunDirectory(folder).Config))
                    .Order(StringComparer.Ordinal),
            ];
            Assert.Equal(2, Parts.Count);
            var small = new SmallPretrained(_folder);
            (Network, Weights) = (small.Network, small.Weights);
            Photos = Path.GetDirectoryName(
                Path.GetDirectoryName(_folder.Add("photos/a/1.png", TestPictures.Noise(1, 16, 16)))
            )!;
            for (int i = 2; i < 12; i++)
            {
                _folder.Add($"photos/{(i % 2 == 0 ? "a" : "b")}/{i}.png", TestPictures.Noise(i, 16, 16));
            }
        }

        public IReadOnlyList<string> Targets { get; }

        public string Limit { get; }

        public string Run { get; }

        /// <summary>The folders of the two targets, the first one's first.</summary>
        public IReadOnlyList<string> Parts { get; }

        public string Network { get; }

        public string Weights { get; }

        public string Photos { get; }

        public static string[] Words(string target) =>
            [
                "search",
                "--data",
                "sample",
                "--space",
                "tiny",
                "--search-epochs",
                "0.02",
                "--batch-size",
                "16",
                "--evaluations",
                "4",
                "--finalists",
                "1",
                "--target",
                target,
            ];

        /// <summary>A folder that is not there.</summary>
        public string New() => Path.Combine(_folder.Root, FormattableString.Invariant($"new-{_folders++}"));

        public void Dispose() => _folder.Dispose();
    }
}
