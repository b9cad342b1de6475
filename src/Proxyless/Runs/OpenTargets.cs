using Proxyless.Latency;

namespace Proxyless.Runs;

/// <summary>The targets that a job has opened; they are disposed of with it.</summary>
internal sealed class OpenTargets : IDisposable
{
    private readonly OrderedDictionary<string, ITarget> _open = [];

    /// <summary>Opens a target, or returns the one that was opened by the same name.</summary>
    /// <param name="nameOrFile">Its name or file.</param>
    /// <exception cref="InvalidInputException">There is no such target, or its file is wrong.</exception>
    public ITarget Open(string nameOrFile)
    {
        if (!_open.TryGetValue(nameOrFile, out ITarget? target))
        {
            target = TargetFile.Open(nameOrFile);
            _open.Add(nameOrFile, target);
        }

        return target;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (ITarget target in _open.Values.Reverse())
        {
            target.Dispose();
        }

        _open.Clear();
    }
}
