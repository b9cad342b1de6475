using Proxyless.Latency;

namespace Proxyless.Runs;

/// <summary>The targets that a job has opened; they are disposed of with it.</summary>
internal sealed class OpenTargets : IDisposable
{
    private readonly Stack<ITarget> _open = [];
    private readonly Dictionary<string, ITarget> _byName = [];

    /// <summary>Opens a target, or returns the one that was opened by the same name.</summary>
    /// <param name="nameOrFile">Its name or file.</param>
    /// <exception cref="InvalidInputException">There is no such target, or its file is wrong.</exception>
    public ITarget Open(string nameOrFile)
    {
        if (!_byName.TryGetValue(nameOrFile, out ITarget? target))
        {
            target = TargetFile.Open(nameOrFile);
            _open.Push(target);
            _byName.Add(nameOrFile, target);
        }

        return target;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        while (_open.TryPop(out ITarget? target))
        {
            target.Dispose();
        }
    }
}
