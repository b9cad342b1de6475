namespace Proxyless.Latency;

/// <summary>
/// Where a model will run: a machine that runs models (<see cref="IModelTimer"/>), or the table of one that is not
/// available (<see cref="TableTarget"/>). <see cref="TargetFile.Open"/> finds one by name or file. The caller that
/// opens it disposes of it.
/// </summary>
public interface ITarget : IAsyncDisposable, IDisposable
{
    /// <summary>The text that names it, as <see cref="TargetFile.Open"/> takes it.</summary>
    string Name { get; }

    /// <summary>
    /// All that a latency depends on besides the network: tables of one identity are interchangeable.
    /// </summary>
    /// <exception cref="TargetUnavailableException">The target must be asked and cannot be reached.</exception>
    string Id { get; }

    /// <summary>Images per run; every latency is of a whole batch.</summary>
    int Batch { get; }
}
