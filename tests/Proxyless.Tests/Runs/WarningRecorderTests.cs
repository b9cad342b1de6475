using Proxyless.Files;
using Proxyless.Runs;
using Proxyless.Tests.Data;
using Xunit;

namespace Proxyless.Tests.Runs;

public sealed class WarningRecorderTests
{
    [Fact]
    public void A_warning_that_cannot_be_written_is_passed_on_and_written_with_the_next_one()
    {
        using var folder = new TemporaryFolder();
        var observer = new RecordingObserver();
        var recorder = new WarningRecorder(observer);
        var run = new RunDirectory(Path.Combine(folder.Root, "run"));
        Directory.CreateDirectory(run.Root);
        recorder.WriteTo(run);
        Directory.Delete(run.Root, recursive: true);
        recorder.Warning("one");

        // The folder of a run that has gone is not made anew for a warning.
        Assert.False(Directory.Exists(run.Root));
        Directory.CreateDirectory(run.Root);
        recorder.Warning("two");
        Assert.Equal(["one", "two"], observer.Warnings);
        Assert.Equal(["one", "two"], JsonLines.Read<string>(run.Warnings));

        // The same for one of several limits.
        recorder.Part = new RunDirectory(Path.Combine(folder.Root, "part"));
        File.WriteAllText(recorder.Part.Root, "in the way");
        recorder.Warning("three");
        File.Delete(recorder.Part.Root);
        recorder.Warning("four");
        Assert.Equal(["one", "two", "three", "four"], observer.Warnings);
        Assert.Equal(["four"], JsonLines.Read<string>(recorder.Part.Warnings));
    }
}
