using Proxyless.Architectures;
using Proxyless.Training;

namespace Proxyless.Runs;

/// <summary>How long a fine-tuning takes, from steps that are timed before it begins.</summary>
internal static class FineTuneCost
{
    private const int Trials = FineTuner.PartsOfTraining;

    // The rest is for features, the search for a smaller network, evaluation and export.
    private const double ShareForSteps = 0.7;

    /// <summary>
    /// Tells how long it takes, unless <see cref="RunOptions.Time"/> decides that. The training of a smaller network is
    /// taken to be shorter as its latency is.
    /// </summary>
    /// <param name="start">What it begins with.</param>
    /// <param name="areFew">Whether there are so few images that its decisions are cross-validated.</param>
    public static void Say(IFineTuneStart start, bool areFew)
    {
        ArgumentNullException.ThrowIfNull(start);
        RunContext context = start.Context;
        if (context.Options.Time is not null && context.Options.Training.Epochs is null)
        {
            return;
        }

        int images = areFew ? context.Images.AllTraining.Count : context.Loaders.FinalImages.Count;
        long steps = RunDefaults.FineTuneSteps(context.Options, images, context.Loaders.BatchSize, areFew);
        double taught = start.HasTeacher ? TeacherTime(context, areFew) / Trainings(context, areFew) : 0;
        double work = start.ShareOfWork + taught;
        double seconds = work * steps * SecondsOfSteps(context, start, WholeOf(context, start), areFew);
        long training = TrainingOverTrial(context) * steps;
        string trainings = areFew
            ? Invariant($"up to {Trials} trials of {steps} steps, and a training of {training}")
            : Invariant($"a training of {steps} steps");
        string folds = context.Options.Training.Folds is { } parts ? Invariant($", all of it {parts + 1} times") : "";
        string most = areFew ? "up to" : "about";
        context.Observer.Message(
            Invariant($"{most} {Told(seconds)}: {trainings}{folds}; RunOptions.Time sets a limit")
        );
    }

    /// <summary>
    /// Times what one step of each trial takes: with the steps of all trainings, and the share of everything else.
    /// </summary>
    /// <param name="context">The context of the training.</param>
    /// <param name="start">What it begins with.</param>
    /// <param name="architecture">The network that is trained.</param>
    /// <param name="areFew">Whether there are so few images that its decisions are cross-validated.</param>
    /// <returns>Seconds for each step of a trial, or of the training if there are no trials.</returns>
    public static double SecondsOfSteps(
        RunContext context,
        IFineTuneStart start,
        Architecture architecture,
        bool areFew
    )
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(start);
        int repeated = 1 + (context.Options.Training.Folds ?? 0);
        int trainings = Trainings(context, areFew);

        // What is decided by cross-validation, the first process trains alone; the rest all share.
        double StepOf(Architecture timed) =>
            trainings * repeated > 1
                ? StepTiming.OfTraining(context, timed, DataParallel.Alone)
                : SharedTrainingTiming.Measure(context, timed);
        double seconds = trainings * StepOf(architecture);
        if (TeacherStage.Teaches(start, architecture))
        {
            seconds += TeacherTime(context, areFew) * StepOf(WholeOf(context, start));
        }

        return repeated * seconds / ShareForSteps;
    }

    private static Architecture WholeOf(RunContext context, IFineTuneStart start) =>
        start.Whole.Architecture.WithInput(
            context.Space.Resolution,
            start.Whole.Architecture.InputChannels,
            context.Classes
        );

    // The trials of cross-validation, and the training itself.
    private static int Trainings(RunContext context, bool areFew) => areFew ? Trials + TrainingOverTrial(context) : 1;

    // In steps of the whole network for each step of a trial, or of the training: the trials have no teacher.
    private static double TeacherTime(RunContext context, bool areFew) =>
        (areFew ? TrainingOverTrial(context) : 1) * TeacherStage.TimeOverSteps;

    private static int TrainingOverTrial(RunContext context) =>
        context.Options.Training.Epochs is null ? RunDefaults.StepsOverTrialSteps : 1;

    private static string Told(double seconds) =>
        seconds < 90 ? Invariant($"{Math.Ceiling(seconds):0} seconds")
        : seconds < 5400 ? Invariant($"{seconds / 60:0} minutes")
        : Invariant($"{seconds / 3600:0.0} hours");
}
