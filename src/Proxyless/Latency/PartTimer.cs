namespace Proxyless.Latency;

/// <summary>One device of a profile, whose drift a reference network shows. One thread uses it at a time.</summary>
/// <param name="timer">The device.</param>
/// <param name="mode">How carefully it measures.</param>
/// <param name="reference">The bytes of the reference network's ONNX file.</param>
internal sealed class PartTimer(IPartTimer timer, ProfileMode mode, byte[] reference)
{
    private const int ModelsBetweenReferences = 8;

    private readonly List<double> _disturbances = [];
    private double? _referenceMs;
    private int _models;

    /// <summary>How far other work disturbed the measurements so far; empty if the device cannot tell.</summary>
    public IReadOnlyList<double> Disturbances => _disturbances;

    /// <summary>The reference network's milliseconds, measured if that was too long ago.</summary>
    public double ReferenceMs(CancellationToken cancellationToken) =>
        _referenceMs ??= Time(reference, cancellationToken);

    /// <summary>Times a model.</summary>
    /// <param name="model">The bytes of its ONNX file.</param>
    /// <param name="referenceMs">The reference network's milliseconds at the speed of the result.</param>
    /// <param name="cancellationToken">Stops between two runs.</param>
    public double Milliseconds(byte[] model, double referenceMs, CancellationToken cancellationToken)
    {
        double reference = ReferenceMs(cancellationToken);
        return Time(model, cancellationToken) * referenceMs / reference;
    }

    /// <summary>Counts a model; the reference network is measured again after several.</summary>
    public void FollowDrift()
    {
        if (++_models % ModelsBetweenReferences == 0)
        {
            _referenceMs = null;
        }
    }

    private double Time(byte[] model, CancellationToken cancellationToken)
    {
        (double milliseconds, double? disturbance) = timer.TimePart(model, mode, cancellationToken);
        if (disturbance is { } known)
        {
            _disturbances.Add(known);
        }

        return milliseconds;
    }
}
