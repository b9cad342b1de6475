using Proxyless.Runtime;
using Proxyless.Tests.Runner;
using Xunit;

[assembly: AssemblyFixture(typeof(LoadedLibtorch))]

namespace Proxyless.Tests.Runner;

/// <summary>
/// Prepares the process as the command line does and loads libtorch before the first test, whichever it is: a test that
/// made a tensor before another had loaded the library would fail, and
/// all after it.
/// </summary>
public sealed class LoadedLibtorch
{
    public LoadedLibtorch()
    {
        ProxylessRuntime.Configure();
        Libtorch.Load();
    }
}
