using Proxyless.Export;
using Proxyless.Tests.Cli;
using Proxyless.Tests.Data;
using Proxyless.Tests.Latency;
using Xunit;

namespace Proxyless.Tests.Docs;

/// <summary>The program of the README that classifies photos, as a process.</summary>
public sealed class ClassifyPhotoTests
{
    [Fact]
    public void A_photo_is_answered_and_what_cannot_be_read_is_told_in_a_sentence()
    {
        using var folder = new TemporaryFolder();
        string model = folder.Add("model.onnx", NetworkExporter.Untrained(SmallSpace.Network(0, 3, 3)));
        string photo = folder.Add("photo.png", TestPictures.Noise(1, 40, 30));
        string none = folder.Add("none.png", [1, 2, 3]);
        CommandLineRun Of(params string[] words) =>
            CommandProcess.RunProgram(
                CommandProcess.Beside("ClassifyPhoto", "ClassifyPhoto"),
                folder.Root,
                new Dictionary<string, string?>(),
                words
            );

        CommandLineRun answered = Of(model, photo);
        Assert.Equal(0, answered.ExitCode);
        Assert.StartsWith($"{photo}: ", answered.Output, StringComparison.Ordinal);
        Assert.All(
            [Of(model, folder.Root), Of(model, none), Of(folder.Root, photo), Of(photo, photo)],
            refused =>
            {
                Assert.Equal(2, refused.ExitCode);
                Assert.DoesNotContain("   at ", refused.Error, StringComparison.Ordinal);
                Assert.NotEmpty(refused.Error);
            }
        );
    }
}
