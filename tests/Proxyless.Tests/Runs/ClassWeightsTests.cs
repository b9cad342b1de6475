using Proxyless.Architectures;
using Proxyless.Runs;
using Proxyless.Tests.Data;
using SkiaSharp;
using Xunit;

namespace Proxyless.Tests.Runs;

[Collection(nameof(WholeRuns))]
public sealed class ClassWeightsTests
{
    private const int Common = 320;
    private const int Rare = 8;

    [Fact]
    public void A_training_with_class_weights_learns_the_common_class_and_the_rare_one()
    {
        using var folder = new TemporaryFolder();
        string training = Path.Combine("photos", "train");
        for (int i = 0; i < Common; i++)
        {
            folder.Add(Path.Combine(training, "red", $"{i}.png"), Colored(red: 200, blue: 40, i));
        }

        for (int i = 0; i < Rare; i++)
        {
            folder.Add(Path.Combine(training, "blue", $"{i}.png"), Colored(red: 40, blue: 200, i));
        }

        for (int i = 0; i < 20; i++)
        {
            folder.Add(
                Path.Combine("photos", "test", i % 2 == 0 ? "red" : "blue", $"{i}.png"),
                Colored(i % 2 == 0 ? 200 : 40, i % 2 == 0 ? 40 : 200, 1000 + i)
            );
        }

        SearchSpace space = SearchSpacePresets.ByName("tiny");
        Architecture network = space.Architecture([.. space.Blocks().Select(_ => 0)], 2, "small");
        string file = Path.Combine(folder.Root, "architecture.json");
        ArchitectureFile.Write(file, network);
        var options = new RunOptions
        {
            Data = new() { Path = Path.Combine(folder.Root, "photos") },
            Out = Path.Combine(folder.Root, "run"),
            Training = new()
            {
                ClassWeights = true,
                BatchSize = 16,
                Epochs = 4,
                // The last epoch is kept: the best by top-1 on images that are nearly all of one class says little.
                OnAll = true,
                Erase = 0,
            },
        };
        ProxylessRun.Train(options, file, NullRunObserver.Instance, TestContext.Current.CancellationToken);
        EvaluateResult result = ProxylessRun.Evaluate(
            options.Out!,
            options,
            againstNetwork: false,
            NullRunObserver.Instance,
            TestContext.Current.CancellationToken
        );
        Assert.Equal([10, 0], result.Confusion[0]);
        Assert.Equal([0, 10], result.Confusion[1]);
    }

    private static byte[] Colored(int red, int blue, int seed)
    {
        var random = new Random(seed);
        using var bitmap = new SKBitmap(new SKImageInfo(32, 32, SKColorType.Rgba8888, SKAlphaType.Opaque));
        for (int y = 0; y < 32; y++)
        {
            for (int x = 0; x < 32; x++)
            {
                bitmap.SetPixel(
                    x,
                    y,
                    new SKColor(
                        (byte)(red + random.Next(-30, 30)),
                        (byte)random.Next(60, 120),
                        (byte)(blue + random.Next(-30, 30))
                    )
                );
            }
        }

        using SKData data = bitmap.Encode(SKEncodedImageFormat.Png, 100);
        return data.ToArray();
    }
}
