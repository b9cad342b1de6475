using System.CommandLine;
using Proxyless.Cli;
using Proxyless.Cli.Commands;
using Proxyless.Files;
using Proxyless.Runs;
using Proxyless.Tests.Cli;
using Proxyless.Tests.Data;
using Xunit;

namespace Proxyless.Tests.Runs;

/// <summary>A run is gone on with from another working folder, and after it or its images have been moved.</summary>
[Collection(nameof(WholeRuns))]
public sealed class MovedRunTests(FinishedRun run) : IClassFixture<FinishedRun>, IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_run_keeps_its_paths_whole_and_its_names_as_they_are()
    {
        string space = _folder.Add(
            "space.yaml",
            File.ReadAllBytes(Path.Combine(Repository.Root, "configs", "spaces", "example.yaml"))
        );
        string relative =
            Path.GetRelativePath(Environment.CurrentDirectory, run.Options.Data.Path) + Path.DirectorySeparatorChar;
        var options = new RunOptions
        {
            Data = new() { Path = relative, Resolution = 32 },
            Search = new() { Space = Path.GetRelativePath(Environment.CurrentDirectory, space) },
            Target = new() { Name = "cpu" },
        };
        var context = RunContext.Open(options, NullRunObserver.Instance, Cancellation);
        Assert.Equal(run.Options.Data.Path, context.Options.Data.Path);
        Assert.Equal(Path.GetFullPath(space), context.Options.Search.Space);
        Assert.Equal("cpu", context.Options.Target.Name);
        string target = _folder.Add("board.yaml", "kind: local"u8.ToArray());
        Assert.Equal(
            target,
            context
                .For(new RunPart(Path.GetRelativePath(Environment.CurrentDirectory, target), 1, ""))
                .Options.Target.Name
        );
        var named = RunContext.Open(
            new RunOptions
            {
                Data = new() { Path = "sample" },
                Search = new() { Space = "tiny" },
            },
            NullRunObserver.Instance,
            Cancellation
        );
        Assert.Equal(("sample", "tiny"), (named.Options.Data.Path, named.Options.Search.Space));
    }

    [Fact]
    public void Target_files_are_kept_whole_and_known_however_they_are_spelled()
    {
        string target = _folder.Add("board.yaml", "kind: local"u8.ToArray());
        string relative = Path.GetRelativePath(Environment.CurrentDirectory, target);
        RunOptions whole = RunPaths.Whole(
            new RunOptions
            {
                Target = new() { Name = relative, AlsoFor = $"cpu:2=1,{relative}=2.5" },
            }
        );
        Assert.Equal(target, whole.Target.Name);
        Assert.Equal($"cpu:2=1,{target}=2.5", whole.Target.AlsoFor);
        Assert.Equal("board", RunPaths.Whole(new RunOptions { Target = new() { Name = "board" } }).Target.Name);
        Assert.True(
            RunPaths.SaySame(
                whole,
                new RunOptions
                {
                    Target = new() { Name = relative, AlsoFor = $"cpu:2=1,{_folder.Root}/./board.yaml=2.5" },
                }
            )
        );
    }

    [Fact]
    public void A_path_is_what_it_leads_to()
    {
        string photos = Directory.CreateDirectory(Path.Combine(_folder.Root, "photos", "new")).FullName;
        string link = Path.Combine(_folder.Root, "link");
        Directory.CreateSymbolicLink(link, Path.Combine(_folder.Root, "photos"));
        Assert.True(RealPath.Same(photos, Path.Combine(link, "new")));
        Assert.True(RealPath.Same(photos, photos + Path.DirectorySeparatorChar));
        Assert.True(RealPath.Same(photos, Path.Combine(_folder.Root, ".", "photos", "..", "photos", "new")));
        Assert.True(RealPath.Same(photos, Path.GetRelativePath(Environment.CurrentDirectory, photos)));
        Assert.False(RealPath.Same(photos, Path.Combine(_folder.Root, "photos")));
        Directory.CreateSymbolicLink(Path.Combine(_folder.Root, "circle"), Path.Combine(_folder.Root, "circle"));
        Assert.False(RealPath.Same(photos, Path.Combine(_folder.Root, "circle")));
    }

    [Fact]
    public void A_resume_takes_the_same_folder_by_another_spelling_and_no_other_option()
    {
        string folder = Copy(run.Options.Out!, "resumed");
        string data =
            Path.GetRelativePath(Environment.CurrentDirectory, run.Options.Data.Path) + Path.DirectorySeparatorChar;
        Assert.Equal(2, CommandLineRun.Of("run", "--resume", "--out", folder, "--data", data, "--seed", "99").ExitCode);
        Assert.Equal(2, CommandLineRun.Of("run", "--resume", "--out", folder, "--data", "sample").ExitCode);
        CommandLineRun resumed = CommandLineRun.Of(
            "run",
            "--resume",
            "--out",
            folder,
            "--data",
            data,
            "--space",
            "tiny"
        );
        Assert.True(resumed.ExitCode == 0, resumed.Error);
    }

    [Fact]
    public void A_resumed_training_takes_the_network_that_it_began_with_and_no_other()
    {
        RunOptions options = new() { Out = Copy(run.Options.Out!, "resumed"), Resume = true };
        foreach (string other in (string[])["mobilenet-v2", "mobilenet-v22"])
        {
            InvalidInputException refused = Assert.Throws<InvalidInputException>(() =>
                ProxylessRun.Train(options, other, NullRunObserver.Instance, Cancellation)
            );
            Assert.Contains($"'{other}'", refused.Message, StringComparison.Ordinal);
        }

        string same = _folder.Add("same.json", File.ReadAllBytes(run.Directory.Architecture));
        TrainResult resumed = ProxylessRun.Train(options, same, NullRunObserver.Instance, Cancellation);
        Assert.Equal(options.Out, resumed.Run);
    }

    [Fact]
    public void Images_that_were_moved_are_named_anew_and_stay_named_so()
    {
        string images = Copy(run.Options.Data.Path, "moved-images");
        string folder = Copy(run.Options.Out!, "run");
        Lose(folder);
        RunDirectory directory = new(folder);
        var lost = Assert.Throws<InvalidInputException>(() =>
            ProxylessRun.Run(new RunOptions { Out = folder, Resume = true }, NullRunObserver.Instance, Cancellation)
        );
        Assert.Contains("DataOptions.Path", lost.Message, StringComparison.Ordinal);
        foreach (
            string[] words in (string[][])
                [
                    ["evaluate", "--model", folder],
                    ["derive", "--run", folder],
                    ["export", "--run", folder],
                    ["train", "--arch", folder, "--overwrite"],
                ]
        )
        {
            CommandLineRun refused = CommandLineRun.Of(words);
            Assert.Equal(2, refused.ExitCode);
            Assert.Contains("--data DIR", refused.Error, StringComparison.Ordinal);
        }

        Assert.Equal(0, CommandLineRun.Of("run", "--resume", "--out", folder, "--data", images).ExitCode);
        Assert.Equal(images, RunConfigFile.Read(directory.Config).Data.Path);
        Lose(folder);
        Assert.Equal(0, CommandLineRun.Of("export", "--run", folder, "--data", images).ExitCode);
        Assert.Equal(images, RunConfigFile.Read(directory.Config).Data.Path);
        Lose(folder);
        string derived = Path.Combine(_folder.Root, "derived");
        CommandLineRun derivation = CommandLineRun.Of("derive", "--run", folder, "--data", images, "--out", derived);
        Assert.True(derivation.ExitCode == 0, derivation.Error);
        Assert.Equal(images, RunConfigFile.Read(new RunDirectory(derived).Config).Data.Path);

        // Others are not taken.
        string others = Copy(run.Options.Data.Path, "others");
        File.Delete(Directory.EnumerateFiles(others, "*", SearchOption.AllDirectories).First());
        CommandLineRun different = CommandLineRun.Of("export", "--run", folder, "--data", others);
        Assert.Equal(2, different.ExitCode);
        Assert.Contains("are not those", different.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_run_that_was_moved_is_where_it_was_opened()
    {
        string folder = Copy(run.Options.Out!, "elsewhere");
        Assert.Equal(folder, RunConfigFile.Read(new RunDirectory(folder).Config).Out);
        SearchResult search = ProxylessRun.Search(
            new RunOptions { Out = folder, Resume = true },
            NullRunObserver.Instance,
            Cancellation
        );
        Assert.Equal((folder, new RunDirectory(folder).Architecture), (search.Run, search.Architecture));
        ParseResult parse = CommandLine.Parse(CommandLine.Root(), ["train", "--arch", folder]);
        Assert.Null(((TrainCommand)parse.CommandResult.Command).ReadOptions(parse, folder).Out);
    }

    [Fact]
    public void A_training_into_the_searched_run_by_a_link_keeps_its_search()
    {
        string folder = Copy(run.Options.Out!, "linked");
        string link = Path.Combine(_folder.Root, "link");
        Directory.CreateSymbolicLink(link, folder);
        RunOptions options = RunConfigFile.Read(new RunDirectory(folder).Config) with { Out = link, Overwrite = true };
        ProxylessRun.Train(options, folder, NullRunObserver.Instance, Cancellation);
        Assert.True(File.Exists(new RunDirectory(folder).SearchCheckpoint));
    }

    [Fact]
    public void A_derivation_that_fails_leaves_what_is_there_and_is_tried_again_without_overwrite()
    {
        string folder = Copy(run.Options.Out!, "kept");
        string source = Copy(run.Options.Out!, "source");
        RunDirectory directory = new(folder);
        byte[] model = File.ReadAllBytes(directory.Model);

        // Found out when the search is opened, after images and limits were found to be good.
        File.WriteAllBytes(new RunDirectory(source).SearchCheckpoint, [1, 2, 3]);
        RunOptions options = RunConfigFile.Read(directory.Config);
        Assert.ThrowsAny<Exception>(() =>
            ProxylessRun.Derive(
                source,
                options with
                {
                    Out = folder,
                    Overwrite = true,
                },
                NullRunObserver.Instance,
                Cancellation
            )
        );
        Assert.Equal(model, File.ReadAllBytes(directory.Model));
        Assert.True(File.Exists(directory.Architecture));
        string fresh = Path.Combine(_folder.Root, "fresh");
        Assert.ThrowsAny<Exception>(() =>
            ProxylessRun.Derive(source, options with { Out = fresh }, NullRunObserver.Instance, Cancellation)
        );
        Assert.False(Directory.Exists(fresh));
    }

    /// <summary>What quantization advises works: other photographs would have no division and no labels.</summary>
    [Fact]
    public void Integers_are_made_with_images_that_were_moved()
    {
        string images = Copy(run.Options.Data.Path, "moved-images");
        string folder = Copy(run.Options.Out!, "run to quantize");
        Lose(folder);
        CommandLineRun refused = CommandLineRun.Of("quantize", "--model", folder);
        Assert.Equal(2, refused.ExitCode);
        Assert.Contains(
            $"'proxyless export --run '{folder}' --data DIR' first",
            refused.Error,
            StringComparison.Ordinal
        );
        CommandLineRun exported = CommandLineRun.Of("export", "--run", folder, "--data", images, "--precision", "int8");
        Assert.True(exported.ExitCode == 0, exported.Error);
        Assert.True(File.Exists(new RunDirectory(folder).IntegerModel));
        Assert.Equal(images, RunConfigFile.Read(new RunDirectory(folder).Config).Data.Path);
    }

    /// <summary>As a run from before was kept: by a path that leads nowhere from here.</summary>
    private static void Lose(string folder)
    {
        string config = new RunDirectory(folder).Config;
        RunConfigFile.Write(
            config,
            RunConfigFile.Read(config).WithData(data => data with { Path = "photos-that-were-moved" })
        );
    }

    private string Copy(string from, string name) => _folder.Copy(from, name);
}
