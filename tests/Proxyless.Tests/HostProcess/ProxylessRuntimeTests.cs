using Proxyless.Runtime;
using Proxyless.Tests.Data;
using Proxyless.Tests.Runs;
using Xunit;
using static TorchSharp.torch;

namespace Proxyless.Tests.HostProcess;

[Collection(nameof(WholeRuns))]
public sealed class ProxylessRuntimeTests
{
    [Fact]
    public void A_second_call_is_nothing_with_equal_options_and_an_error_with_others()
    {
        // The tests' process is configured by default.
        ProxylessRuntime.Configure();
        Parallel.For(0, 8, _ => ProxylessRuntime.Configure(new RuntimeOptions()));
        InvalidOperationException exception = Assert.Throws<InvalidOperationException>(() =>
            ProxylessRuntime.Configure(new RuntimeOptions { KeepFreedMemory = false })
        );
        Assert.Contains(
            "configured already, with RuntimeOptions { KeepFreedMemory = True",
            exception.Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void A_number_of_threads_below_one_is_refused_by_name() =>
        Assert.Equal(
            "options.Threads",
            Assert
                .Throws<ArgumentOutOfRangeException>(() =>
                    ProxylessRuntime.Configure(new RuntimeOptions { Threads = 0 })
                )
                .ParamName
        );

    [Fact]
    public void Threads_that_a_run_asked_for_are_not_those_of_the_next()
    {
        int before = get_num_threads();
        var observer = new RecordingObserver();
        try
        {
            set_num_threads(3);
            Assert.Equal(3, ThreadCount.OfLibtorch(null, observer));
            Assert.Equal(1, ThreadCount.OfLibtorch(1, observer));
            Assert.Equal(1, get_num_threads());
            Assert.Equal(3, ThreadCount.OfLibtorch(null, observer));
            Assert.Equal(3, get_num_threads());

            // What the program has set meanwhile is its own again.
            ThreadCount.OfLibtorch(1, observer);
            set_num_threads(2);
            Assert.Equal(2, ThreadCount.OfLibtorch(null, observer));
            Assert.Equal(2, get_num_threads());
        }
        finally
        {
            set_num_threads(before);
        }
    }
}
