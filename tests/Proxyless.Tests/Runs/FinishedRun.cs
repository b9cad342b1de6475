using Proxyless.Tests.Data;
using SkiaSharp;

namespace Proxyless.Tests.Runs;

/// <summary>A short run on a folder without splits of its own, made once for all tests of a class.</summary>
public sealed class FinishedRun : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public FinishedRun()
    {
        for (int i = 0; i < ImagesOfAClass; i++)
        {
            _folder.Add(Path.Combine("images", "small", $"{i}.png"), TestPictures.Noise(i, 32, 32));
            _folder.Add(Path.Combine("images", "dark", $"{i}.jpg"), TestPictures.Noise(1000 + i, 32, 32, SKEncodedImageFormat.Jpeg));
        }

        Options = new RunOptions
        {
            Data = Path.Combine(_folder.Root, "images"),
            Space = "tiny",
            Out = Path.Combine(_folder.Root, "run"),
            BatchSize = 16,
            SearchEpochs = 1,
            TrainEpochs = 1,
            TestShare = 0.2,
            Seed = 5,
        };
        Result = ProxylessRun.Run(Options, NullRunObserver.Instance);
    }

    public static int ImagesOfAClass => 50;

    public static int TestImages => 20;

    public RunOptions Options { get; }

    public RunResult Result { get; }

    public RunDirectory Directory => new(Options.Out!);

    /// <summary>A path for something more.</summary>
    public string PathOf(string name) => Path.Combine(_folder.Root, name);

    public void Dispose() => _folder.Dispose();
}
