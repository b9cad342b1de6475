using System.Text;
using Proxyless.Architectures;
using Proxyless.Tests.Data;
using Proxyless.Tests.Latency;
using Xunit;

namespace Proxyless.Tests.Cli;

/// <summary>
/// A folder as the examples of the help texts find it: photos, a finished run, targets; made once and copied for each
/// example.
/// </summary>
public sealed class ExampleFolder : IDisposable
{
    private const int PhotosOfAClass = 12;

    private static readonly string[] Variables = ["PROXYLESS_TARGETS", "PROXYLESS_CACHE"];

    private readonly TemporaryFolder _folder = new();
    private readonly string?[] _before = [.. Variables.Select(Environment.GetEnvironmentVariable)];

    public ExampleFolder()
    {
        Directory.CreateDirectory(Original);

        // Targets are kept in each working folder.
        Environment.SetEnvironmentVariable(Variables[0], "kept");
        Environment.SetEnvironmentVariable(Variables[1], Path.Combine(_folder.Root, "cache"));

        foreach ((string set, int first) in (ReadOnlySpan<(string, int)>)[("photos", 0), ("more-photos", 1000)])
        {
            for (int i = 0; i < PhotosOfAClass; i++)
            {
                Add($"{set}/cat/{i}.png", TestPictures.Noise(first + i, 32, 32));
                Add($"{set}/dog/{i}.png", TestPictures.Noise(first + 500 + i, 32, 32));
            }
        }

        Add("cat.jpg", TestPictures.Noise(1, 40, 32));
        Add("holidays/beach.jpg", TestPictures.Noise(3, 40, 40));
        Add("dog.jpg", TestPictures.Noise(2, 32, 40));

        // Timed by its size, a model takes the same everywhere, and no time.
        Add("size.yaml", SizeTarget.File);
        foreach (string kept in (string[])["board", "phone"])
        {
            Add($"kept/{kept}.yaml", SizeTarget.File);
        }

        // A space of two blocks, for what looks at every block for seconds.
        Add(
            "configs/one-block.yaml",
            Encoding.UTF8.GetBytes(
                "name: one-block\nresolution: 16\nstem: {width: 8, stride: 2}\n"
                    + "stages:\n  - {width: 8, depth: 1, candidates: [mb3e1]}\nhead: {width: 16}\n"
            )
        );
        foreach (
            string config in Directory.EnumerateFiles(
                Path.Combine(Repository.Root, "configs"),
                "*.yaml",
                SearchOption.AllDirectories
            )
        )
        {
            Add(
                Path.Combine("configs", Path.GetRelativePath(Path.Combine(Repository.Root, "configs"), config)),
                File.ReadAllBytes(config)
            );
        }

        // The authors' table is on the internet: one of the same parts takes its place.
        Architecture mobile = PublishedArchitectures.ByName("proxyless-mobile");
        IEnumerable<string> parts = mobile
            .Blocks.Where(block => !block.IsPassThrough)
            .Select(block => block.Key)
            .Append(mobile.Stem.Key)
            .Append(mobile.Head.ConvolutionKey)
            .Append(mobile.Head.ClassifierKey)
            .Distinct();
        string pixel = Path.Combine(Original, "configs", "targets", "pixel1.yaml");
        File.WriteAllText(
            pixel,
            File.ReadAllText(pixel)
                .Replace("file: pixel1-latency.yaml", "file: pixel1-latency.csv", StringComparison.Ordinal)
        );
        File.WriteAllText(
            Path.ChangeExtension(pixel, null) + "-latency.csv",
            "part,milliseconds\n" + string.Concat(parts.Select(part => $"{part},2\n"))
        );

        if (!OperatingSystem.IsWindows())
        {
            using var copy = new Copy(Original, this, isOriginal: true);
            CommandLineRun run = CommandLineRun.Of(
                "run",
                "--data",
                "photos",
                "--space",
                "tiny",
                "--target",
                "size.yaml",
                "--batch-size",
                "4",
                "--search-epochs",
                "0.1",
                "--train-epochs",
                "0.1",
                "--prune-threshold",
                "0",
                "--latency",
                "8",
                "--out",
                "runs/photos"
            );
            Assert.True(run.ExitCode == 0, run.Error);
            File.Copy("runs/photos/model.onnx", "photos.onnx");
            CopyFolder("runs/photos", "runs/even");
        }
    }

    private string Original => Path.Combine(_folder.Root, "original");

    /// <summary>A copy that is the working folder until it is disposed.</summary>
    public Copy Enter() => new(Original, this, isOriginal: false);

    public void Dispose()
    {
        for (int i = 0; i < Variables.Length; i++)
        {
            Environment.SetEnvironmentVariable(Variables[i], _before[i]);
        }

        _folder.Dispose();
    }

    private void Add(string path, byte[] bytes) => _folder.Add(Path.Combine("original", path), bytes);

    private static void CopyFolder(string from, string to)
    {
        foreach (string file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
        {
            string copy = Path.Combine(to, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }
    }

    /// <summary>The working folder of one example.</summary>
    public sealed class Copy : IDisposable
    {
        private readonly string _before = Directory.GetCurrentDirectory();
        private readonly bool _isOriginal;

        internal Copy(string original, ExampleFolder owner, bool isOriginal)
        {
            _isOriginal = isOriginal;
            Root = isOriginal ? original : Path.Combine(owner._folder.Root, Guid.NewGuid().ToString("N"));
            if (!isOriginal)
            {
                CopyFolder(original, Root);
            }

            Directory.SetCurrentDirectory(Root);
        }

        /// <summary>The folder.</summary>
        public string Root { get; }

        public void Dispose()
        {
            Directory.SetCurrentDirectory(_before);
            if (!_isOriginal)
            {
                Directory.Delete(Root, recursive: true);
            }
        }
    }
}
