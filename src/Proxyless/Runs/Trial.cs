using Proxyless.Data;
using Proxyless.Networks;
using Proxyless.Search;
using Proxyless.Training;

namespace Proxyless.Runs;

/// <summary>
/// A network that is trained a little, to be compared with others: each stretch of steps ends at a rate of zero, so
/// that the network has settled when it is evaluated. A moving average takes the place of the weights at the end of a
/// stretch.
/// </summary>
internal sealed class Trial : IDisposable
{
    private readonly TrainingSettings _settings;
    private readonly NetworkStep _step;
    private readonly BatchLoader _loader;
    private readonly EndlessBatches _batches;
    private long _steps;

    /// <summary>Prepares the training.</summary>
    /// <param name="network">The network; not disposed of.</param>
    /// <param name="settings">How to train; the number of steps is that of each stretch instead.</param>
    /// <param name="loader">What it learns from, shuffled; owned.</param>
    public Trial(CompactNetwork network, TrainingSettings settings, BatchLoader loader)
    {
        Network = network;
        _settings = settings;
        _step = new NetworkStep(network, settings);
        _loader = loader;
        _batches = new EndlessBatches(_loader, first: 0);
    }

    /// <summary>The network in its current state.</summary>
    public CompactNetwork Network { get; }

    /// <summary>Continues the training.</summary>
    /// <param name="steps">Number of steps since the beginning.</param>
    /// <param name="stepped">Called after each step.</param>
    /// <param name="parallel">The processes that share the steps.</param>
    /// <param name="cancellationToken">Stops between two steps.</param>
    /// <exception cref="TrainingDivergedException">The loss is infinite or NaN.</exception>
    public void TrainTo(long steps, Action stepped, DataParallel parallel, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(stepped);
        ArgumentNullException.ThrowIfNull(parallel);
        long stretch = steps - _steps;
        var schedule = new CosineSchedule(_settings.LearningRate, stretch, (long)(_settings.WarmupShare * stretch));
        using var average = ExponentialMovingAverage.Of(Network, _settings.Ema);
        for (long step = 0; _steps < steps; step++, _steps++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            using Batch batch = _batches.Next();
            parallel.BeginStep();
            _step.Run(batch, _steps, schedule.At(step), parallel);
            average?.Update(step);
            parallel.EndStep();
            stepped();
        }

        NetworkTensor.CopyAll(average?.Average.Tensors ?? [], Network.Tensors);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _batches.Dispose();
        _loader.Dispose();
        _step.Dispose();
    }
}
