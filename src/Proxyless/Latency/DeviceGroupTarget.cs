using Proxyless.Architectures;
using Proxyless.Export;
using Proxyless.Measurement;

namespace Proxyless.Latency;

/// <summary>
/// Several devices of one kind, which divide the measurements of a profile. Before it begins, networks that all of them
/// run show whether they are equally fast. Single networks are timed on the first.
/// </summary>
internal sealed class DeviceGroupTarget : IModelTimer, IProcessorTarget, IModelRunner, IAskedTarget
{
    /// <summary>The largest difference in percent if the file says nothing: two measurements differ by a few.</summary>
    public const int UsualMostDifference = 10;

    private const double Percent = 0.01;
    private const int Networks = 3;

    private readonly IReadOnlyList<IPartTimer> _devices;
    private readonly int _mostDifference;

    /// <summary>Makes a group of devices.</summary>
    /// <param name="name">The text that names the target.</param>
    /// <param name="devices">At least two devices with batches of one size; disposed of with this.</param>
    /// <param name="mostDifference">The most by which latencies may differ from those of the first, in percent.</param>
    public DeviceGroupTarget(string name, IReadOnlyList<IPartTimer> devices, int mostDifference)
    {
        ArgumentNullException.ThrowIfNull(devices);
        Name = name;
        _devices = devices;
        _mostDifference = mostDifference;
    }

    /// <summary>The devices.</summary>
    public IReadOnlyList<IPartTimer> Devices => _devices;

    /// <inheritdoc/>
    public string Name { get; }

    /// <inheritdoc/>
    public string Id =>
        Invariant($"{_devices.Count} equal devices: ")
        + string.Join(
            "; ",
            // The table is at the speed of the first, whatever the order of the others is.
            _devices.Skip(1).Select(device => device.Id).Order(StringComparer.Ordinal).Prepend(First.Id)
        );

    /// <inheritdoc/>
    public int Batch => First.Batch;

    /// <inheritdoc/>
    public bool TimesIntegers => First.TimesIntegers;

    /// <inheritdoc/>
    public bool? SaturatesIntegers => (First as IProcessorTarget)?.SaturatesIntegers;

    private IPartTimer First => _devices[0];

    /// <summary>The group with other forms of its devices.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="form">Returns a device's other form.</param>
    public DeviceGroupTarget With(string name, Func<IPartTimer, IPartTimer> form) =>
        new(name, [.. _devices.Select(form)], _mostDifference);

    /// <inheritdoc/>
    public void Ask(CancellationToken cancellationToken)
    {
        foreach (IAskedTarget device in _devices.OfType<IAskedTarget>())
        {
            device.Ask(cancellationToken);
        }
    }

    /// <inheritdoc/>
    public Timing Time(byte[] onnx, CancellationToken cancellationToken = default) =>
        First.Time(onnx, cancellationToken);

    /// <inheritdoc/>
    public NetworkLatency Compare(
        byte[] onnx,
        byte[] reference,
        double referenceMs,
        CancellationToken cancellationToken = default
    ) => First.Compare(onnx, reference, referenceMs, cancellationToken);

    /// <inheritdoc/>
    public float[]? Answer(byte[] onnx, ReadOnlyMemory<float> images, int count, CancellationToken cancellationToken) =>
        (First as IModelRunner)?.Answer(onnx, images, count, cancellationToken);

    /// <inheritdoc/>
    public LatencyTable Profile(
        SearchSpace space,
        int classes,
        ProfileMode mode,
        string? partial,
        IRunObserver observer,
        CancellationToken cancellationToken = default
    )
    {
        RequireEqual(space, classes, mode, observer, cancellationToken);
        return new PartProfiler(this, _devices).Profile(space, classes, mode, partial, observer, cancellationToken);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (IPartTimer device in _devices)
        {
            device.Dispose();
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (IPartTimer device in _devices)
        {
            await device.DisposeAsync().ConfigureAwait(false);
        }
    }

    /// <summary>Compares the devices by a fast, a middle and a slow network of the space.</summary>
    private void RequireEqual(
        SearchSpace space,
        int classes,
        ProfileMode mode,
        IRunObserver observer,
        CancellationToken cancellationToken
    )
    {
        foreach ((int i, IPartTimer device) in _devices.Index())
        {
            if (_devices.Take(i).FirstOrDefault(other => other.Id == device.Id) is { } same)
            {
                throw new InvalidInputException(
                    $"target '{Name}': '{same.Name}' and '{device.Name}' are one device ({device.Id}); leave one out, "
                        + "or give each program's target the 'device' that it reaches"
                );
            }
        }

        byte[][] models =
        [
            .. SpreadNetworks
                .Choices(SpaceCost.MultiplyAdds(space, classes), Networks, new Random(1))
                .Select(choice => NetworkExporter.Untrained(space.Architecture(choice, classes, "whole"))),
        ];
        double[][] times = [.. _devices.Select(_ => new double[models.Length])];
        DividedWork.Each(
            [.. _devices.Index()],
            (device, stop) =>
                times[device.Index] = [.. models.Select(model => device.Item.TimePart(model, mode, stop).Milliseconds)],
            cancellationToken
        );
        for (int i = 1; i < _devices.Count; i++)
        {
            double[] ratios = [.. times[i].Zip(times[0], (own, first) => own / first)];
            double worst = ratios.MaxBy(ratio => Math.Abs(ratio - 1));
            if (Math.Abs(worst - 1) > _mostDifference * Percent)
            {
                throw new InvalidInputException(
                    $"target '{Name}': device '{_devices[i].Name}' takes "
                        + Invariant(
                            $"{worst:0.00} times as long as '{First.Name}' for one of {Networks} networks, and "
                        )
                        + Invariant($"the devices may differ by {_mostDifference} % ('difference' in the target's ")
                        + "file); see whether it is busy, hot, or another model, or leave it out"
                );
            }

            observer.Message(
                $"profile: '{_devices[i].Name}' takes {Invariant($"{ratios.Average():0.00}")} times as long as "
                    + $"'{First.Name}'"
            );
        }
    }
}
